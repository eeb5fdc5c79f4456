import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryObjects, memoryRegistry, memorySink } from '../../../adapters/memory.ts';
import { historyPart } from '../../../core/control/admission.ts';
import type { FileRun } from '../../../core/model/run.ts';
import { keepKeys, putKeys, removeVanished } from '../../../core/pipeline/manifest.ts';
import { readings, readingsTable } from '../../support/tenant.ts';

const rowsOf = (ats: readonly number[]) => ats.map((at) => ({ sensor: `s${at % 3} 🦥`, at, value: 1 }));
const rows = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 60 }).map(rowsOf);

test('of the version before exactly the rows that are not there any more go, however few keys fit into memory and in whatever pieces they lie', async () => {
  await fc.assert(
    fc.asyncProperty(
      rows,
      rows,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 70 }),
      async (old, now, piece, held) => {
        const world = {
          ...{ objects: memoryObjects(), registry: memoryRegistry(), sink: memorySink() },
          ...{ rejectsBucket: 'rejects', signal: new AbortController().signal },
        };
        const runs = ['r1', 'r2'].map(
          (id, index) =>
            ({
              id,
              feed: 'readings',
              object: { bucket: 'b', key: 'readings/a.csv' },
              writeTimeBase: (index + 1) * 1000,
            }) as FileRun,
        );
        for (const [index, given] of [old, now].entries()) {
          const run = runs[index] as FileRun;
          await world.sink.write(
            readingsTable,
            given.map((values) => ({ values, writeTime: run.writeTimeBase })),
            world.signal,
          );
          for (let at = 0; at < given.length; at += piece) {
            const keys = keepKeys(readingsTable);
            keys.add(given.slice(at, at + piece));
            await putKeys(keys.all(), run, world, `.0.${at}`);
          }
        }
        const next = runs[1] as FileRun;
        const history = { latest: null, loaded: { run: 'r1' } };
        await world.registry.change(historyPart(next), 'history', () => ({ value: history, result: undefined }));
        await removeVanished(next, readings, { ...world, beat: async () => {} }, held);
        const ats = (given: readonly Readonly<Record<string, unknown>>[]) =>
          [...new Set(given.map(({ at }) => Number(at)))].sort((a, b) => a - b);
        expect(ats(world.sink.rows('readings'))).toEqual(ats(now));
      },
    ),
  );
});
