import { setTimeout as wait } from 'node:timers/promises';
import { kinesisClient } from '../adapters/kinesis.ts';
import { createProducer } from '../adapters/producer.ts';
import { namesOf } from '../core/model/names.ts';
import { addCounts, type Counts, noCounts } from '../core/model/row.ts';
import { clientOptions } from '../local/deploy.ts';
import type { Settings } from '../local/settings.ts';
import aviation from '../tenants/aviation/tenant.ts';
import { type FlightRange, flightMessages } from './demo-data.ts';
import { CliError } from './errors.ts';
import type { Ui } from './ui.ts';
import type { ReadLedger } from './world.ts';

/** Longest wait of the demo for the deployed functions, in milliseconds; a healthy run takes a tenth of it. */
export const PATIENCE = 5 * 60_000;

export const today = (): string => new Date().toISOString().slice(0, 10);

/** Puts flights on the aviation tenant's stream, each in its envelope, by the producer that tenants have. */
export async function putFlights(range: FlightRange, settings: Settings, ui: Ui): Promise<void> {
  const client = kinesisClient(clientOptions(settings));
  const producer = createProducer({ stream: namesOf(aviation.id).stream, client });
  for await (const envelope of flightMessages(range)) {
    await producer.send({ key: envelope.message.flight_id, data: JSON.stringify(envelope) });
  }
  const { sent, seconds, calls } = await producer.close();
  client.destroy();
  ui.progress('kinesis', `${sent} messages taken in ${seconds.toFixed(1)} s, by ${calls} calls`);
}

/** What became of today's messages of a tenant, each counted once. */
export async function messagesToday(ledger: Pick<ReadLedger, 'streamRuns'>): Promise<Counts> {
  const total = noCounts();
  for (const { feeds } of await ledger.streamRuns(today())) {
    for (const { counts } of Object.values(feeds)) addCounts(total, counts);
  }
  return total;
}

/** Looks again and again until there is what is waited for; what it says meanwhile is shown when it changes. */
export async function until<T>(
  what: { readonly part: string; readonly next: string; readonly patience?: number },
  look: () => Promise<{ readonly found: T | null; readonly told: string }>,
  ui: Ui,
): Promise<T> {
  const { patience = PATIENCE } = what;
  const deadline = Date.now() + patience;
  for (let before = ''; ; ) {
    const { found, told } = await look();
    if (told !== before) ui.progress(what.part, told);
    before = told;
    if (found !== null) return found;
    if (Date.now() > deadline) {
      throw new CliError('SLU-1003', `the functions did not finish within ${patience / 1000} s: ${told}`, {
        next: what.next,
      });
    }
    await wait(500, undefined, { signal: ui.signal });
  }
}
