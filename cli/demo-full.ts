import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decisionsOf, type Kept } from '../core/control/decisions.ts';
import { namesOf } from '../core/model/names.ts';
import type { Settings } from '../local/settings.ts';
import aviation from '../tenants/aviation/tenant.ts';
import wildlife from '../tenants/wildlife/tenant.ts';
import { decisionTable } from './decisions.ts';
import { dataset } from './demo-data.ts';
import { showLarge } from './demo-large.ts';
import { messagesToday, putFlights, today, until } from './demo-messages.ts';
import { showPoison } from './demo-poison.ts';
import { runProduce } from './produce.ts';
import { runQuota } from './quota.ts';
import { runStreamStatus } from './stream.ts';
import type { Ui } from './ui.ts';
import type { OperatorWorld } from './world.ts';

/** Messages of the burst: on one shard more than the thresholds of tenants/aviation/tenant.ts take, whatever minutes they fall into. */
const BURST = 20_000;
/** Bird strikes that are sent at once, a megabyte: more than the wildlife tenant may send in two minutes. */
const STRIKES = 2500;

/** What `demo --full` shows besides: a burst and what the stream manager makes of it, a tenant that sends more than it may, a message on which the function dies, and a large file. */
export async function showMore(
  world: OperatorWorld,
  settings: Settings,
  ui: Ui,
): Promise<{ data: object; lines: string[] }> {
  ui.note(`\n6. A burst: ${BURST} flights at once, for which one shard is too few by the tenant's profile`);
  const burst = await showBurst(world, settings, ui);
  ui.note(
    `\n7. Too much: ${STRIKES} bird strikes at once, of a tenant that may send ${wildlife.limits.messageBytesPerSecond} bytes a second`,
  );
  const quota = await showQuota(world, settings, ui);
  ui.note(
    '\n8. Poison: a message on which the function dies, among good ones; then the transform is mended, and the message replayed',
  );
  const poison = await showPoison(world, settings, ui);
  ui.note(
    '\n9. A large file: all 3,000,000 flights as one CSV, loaded in parts; the function is killed once on the way',
  );
  const large = await showLarge(world, settings, ui);
  const data = { burst: burst.data, quota: quota.data, poison: poison.data, large: large.data };
  return { data, lines: [...burst.lines, ...quota.lines, ...poison.lines, ...large.lines] };
}

async function showBurst(world: OperatorWorld, settings: Settings, ui: Ui) {
  const ledger = world.ledger(aviation.id);
  const stream = async () => (await runStreamStatus(aviation.id)).data as { shards: number };
  const before = await stream();
  const counted = (await messagesToday(ledger)).read;
  const began = new Date();
  await putFlights({ from: 200_000, rows: BURST }, settings, ui);
  const burst = new Date();
  await until(
    { part: 'ledger', next: `sluice logs ${namesOf(aviation.id).ingestStream}` },
    async () => {
      const left = Math.max(0, counted + BURST - (await messagesToday(ledger)).read);
      return { found: left === 0 ? left : null, told: `${left} messages to go` };
    },
    ui,
  );
  const decided = await until(
    { part: 'manager', next: `sluice decisions ${aviation.id}` },
    async () => {
      const found = await decidedAbout(world, began, burst);
      const made = found.every(({ change, outcome }) => change === null || outcome !== null);
      const told = found.length === 0 ? 'waits for the end of the minute' : (found.at(-1) as Kept).reason;
      return { found: found.length > 0 && made ? found : null, told };
    },
    ui,
  );
  const after = await stream();
  return {
    data: { before, after, decisions: decided },
    lines: [
      '',
      `The burst, and what the stream manager decided (npx sluice decisions ${aviation.id}):`,
      ...decisionTable(decided),
      `open shards: ${before.shards} before, ${after.shards} after`,
    ],
  };
}

/** Decisions about the minutes of the burst, once all of them have been decided about. */
async function decidedAbout(world: OperatorWorld, began: Date, ended: Date): Promise<Kept[]> {
  const days = [...new Set([began, ended].map((at) => at.toISOString().slice(0, 10)))];
  const decisions = await decisionsOf(world.registry(aviation.id), days);
  const since = decisions.filter(({ until }) => until > began.toISOString());
  return since.some(({ until }) => until > ended.toISOString()) ? since : [];
}

async function showQuota(world: OperatorWorld, settings: Settings, ui: Ui) {
  const file = join(settings.stateDir, 'demo', 'strikes.csv');
  const lines = readFileSync(dataset('birdstrikes.csv'), 'utf8').split('\n');
  writeFileSync(file, `${lines.slice(0, STRIKES + 1).join('\n')}\n`);
  const ledger = world.ledger(wildlife.id);
  const before = (await messagesToday(ledger)).read;
  await runProduce(wildlife.id, 'strikes', file, {}, ui);
  const counts = await until(
    { part: 'ledger', next: `sluice logs ${namesOf(wildlife.id).ingestStream}` },
    async () => {
      const now = await messagesToday(ledger);
      const left = Math.max(0, before + STRIKES - now.read);
      return { found: left === 0 ? now : null, told: `${left} messages to go` };
    },
    ui,
  );
  const runs = (await ledger.streamRuns(today())).toSorted((a, b) => b.minute.getTime() - a.minute.getTime());
  const refused = runs.flatMap(({ firstRejections }) => firstRejections);
  const reason = refused.find(({ code }) => code === 'SLU-3031' || code === 'SLU-3032');
  const quota = await runQuota(wildlife.id);
  return {
    data: { counts, quota: quota.data },
    lines: [
      '',
      `The tenant that sent too much (npx sluice quota ${wildlife.id}):`,
      ...quota.lines,
      ...(reason ? [`${reason.code}  ${reason.message}`] : []),
    ],
  };
}
