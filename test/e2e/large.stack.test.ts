import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportFlights, type FlightFormat } from '../../cli/demo-data.ts';
import { environment } from '../../core/model/environment.ts';
import { namesOf } from '../../core/model/names.ts';
import { type FileRun, isSettled } from '../../core/model/run.ts';
import { partsOf } from '../../core/report/parts.ts';
import { openPollers } from '../faults/pollers.ts';
import { killFunction } from '../support/breakage.ts';
import { deployGuest } from '../support/guest.ts';
import bulky from '../support/tenants/bulky/tenant.ts';
import { aws, openOperator, sluice, unique, until, withFolder } from '../support/user.ts';
import { ingestObject, memoryWorld } from '../support/world.ts';

/** Large files on the real stack, with parts and slices so small that everything happens many times, and several functions side by side. */

const ROWS = 60_000;
const { staging, queue, ingestObject: functionName } = namesOf('bulky');
let remove: () => Promise<void>;
let operator: Awaited<ReturnType<typeof openOperator>>;
let pollers: Awaited<ReturnType<typeof openPollers>>;

beforeAll(async () => {
  const figures = { largeFilesFromBytes: 500_000, partBytes: 400_000, sliceSeconds: 1 };
  remove = await deployGuest(bulky, join(import.meta.dirname, '..', 'support', 'tenants'), figures);
  operator = await openOperator();
  pollers = await openPollers(3, { queue, functionName });
  pollers.start();
});
afterAll(async () => {
  await pollers?.close();
  await operator?.close();
  await remove?.();
});

/** Uploads flights as a file of a format and a feed; answers its key, and what it gives when it is read in one go, which is the same for both feeds. */
const uploaded = (format: FlightFormat, feed: 'flights' | 'slow' = 'flights', from = 0, rows = ROWS) =>
  withFolder(async (folder) => {
    const name = `${unique(format)}.${format}`;
    const key = `${feed}/${name}`;
    const file = join(folder, 'file');
    await exportFlights({ from, rows, format, file });
    await aws('s3', 'cp', '--no-progress', file, `s3://${staging}/${key}`);
    const world = memoryWorld(bulky);
    return { key, whole: await ingestObject(world.upload(`flights/${name}`, await readFile(file)), world.attempt()) };
  });

const outcome = ({ state, counts, digest, quality }: FileRun) => ({ state, counts, digest, quality });
const slowRunOf = async (key: string) =>
  (await operator.runsOf('bulky', 'slow')).find(({ object }) => object.key === key);

/** Changes figures of the deployed function. */
async function setFigures(figures: Readonly<Record<string, string>>): Promise<void> {
  const named = ['--function-name', functionName];
  const { Environment } = JSON.parse(await aws('lambda', 'get-function-configuration', ...named));
  const changed = JSON.stringify({ Variables: { ...Environment.Variables, ...figures } });
  await aws('lambda', 'update-function-configuration', ...named, '--environment', changed);
  await aws('lambda', 'wait', 'function-updated', ...named);
}

/** Waits until a file is being loaded, and some of it is. */
const loading = (key: string) =>
  until('it is being loaded', async () => {
    const run = await slowRunOf(key);
    const progress = run && (await partsOf(operator.registry('bulky'), run, new Date()));
    return progress?.phase === 'load' && progress.counts.read > 0 ? run : undefined;
  });

describe('a large file', () => {
  test.each(['csv', 'ndjson', 'parquet'] as const)('of %s gives in parts what it gives in one go', async (format) => {
    const { key, whole } = await uploaded(format);
    const run = await operator.settledRun('bulky', 'flights', key);
    expect(outcome(run)).toEqual(outcome(whole));
    expect(run.plan?.parts).toBeGreaterThan(1);
    const { stdout } = await sluice('audit', 'bulky', '--json');
    expect(JSON.parse(stdout).disagreements).toEqual([]);
  });

  test('whose functions are killed on the way goes on at its checkpoints', async () => {
    const { key, whole } = await uploaded('csv', 'slow', 200_000);
    await loading(key);
    expect(await killFunction(functionName)).toBeGreaterThan(0);
    const run = await operator.settledRun('bulky', 'slow', key);
    expect(outcome(run)).toEqual(outcome(whole));
    expect(run.plan?.takeOvers).toBeGreaterThan(0);
  });

  test('is shown while it is loaded, and stopped by a person; a replay loads all of it', async () => {
    // Large enough not to be done before the commands are.
    const rows = 2 * ROWS;
    const { key, whole } = await uploaded('ndjson', 'slow', 400_000, rows);
    const { id } = await loading(key);
    const { stdout } = await sluice('runs', 'show', id);
    expect(stdout).toMatch(/phase +(loading|counting)/);
    const stopped = await sluice('runs', 'cancel', id, '--wait', '--json');
    expect(stopped.exit).toBe(0);
    const { ended } = JSON.parse(stopped.stdout);
    expect(ended).toMatchObject({ state: 'cancelled', reason: { code: 'SLU-3019' } });
    const { read, loaded, dropped, rejected } = ended.counts;
    expect(read).toBe(loaded + dropped + rejected);
    expect(read).toBeLessThan(rows);
    const again = await sluice('replay', id, '--wait', '--json');
    expect(JSON.parse(again.stdout).ended).toMatchObject({ counts: whole.counts, digest: whole.digest });
  });

  test('of 100 MB goes through the whole stack, and the function tells how much memory it took', async () => {
    await setFigures({ [environment.partBytes]: '8000000', [environment.sliceSeconds]: '10' });
    const [count, key] = [100_000, `notes/${unique('notes')}.ndjson`];
    function* notes() {
      for (let number = 0; number < count; number++) {
        yield `${JSON.stringify({ topic: `t${number % 50}`, number, note: `${number} `.repeat(500).slice(0, 1000) })}\n`;
      }
    }
    await withFolder(async (folder) => {
      await pipeline(Readable.from(notes()), createWriteStream(join(folder, 'file')));
      await aws('s3', 'cp', '--no-progress', join(folder, 'file'), `s3://${staging}/${key}`);
    });
    const run = await until(
      'it is loaded',
      async () => {
        const [found] = await operator.runsOf('bulky', 'notes');
        return found && isSettled(found.state) ? found : undefined;
      },
      280_000,
    );
    expect(run).toMatchObject({ state: 'loaded', counts: { read: count, loaded: count } });
    expect(run.bytes).toBeGreaterThan(99_000_000);
    const { stdout } = await sluice('logs', functionName);
    const peaks = [...stdout.matchAll(/Max Memory Used: (\d+) MB/g)].map(([, megabytes]) => Number(megabytes));
    expect(peaks.length).toBeGreaterThan(0);
    console.log(`${run.plan?.parts} parts, the function took at most ${Math.max(...peaks)} MB`);
  }, 300_000);
});
