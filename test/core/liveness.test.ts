import { describe, expect, test } from 'vitest';
import { memoryLedger } from '../../adapters/memory.ts';
import { arrival } from '../../core/model/run.ts';
import { newRun } from '../../core/pipeline/new-run.ts';
import { shownRun, shownRuns } from '../../core/report/liveness.ts';
import { tenantOf } from '../support/tenant.ts';
import { testClock } from '../support/world.ts';

const clock = testClock();
const run = newRun(
  arrival({ bucket: 'b', key: 'readings/a.csv', versionId: 'v1' }),
  { modified: clock.now(), bytes: 1 },
  { tenant: tenantOf(), clock, profileVersion: 'v1' },
);
const seconds = (count: number) => new Date(clock.now().getTime() + count * 1000);

describe('a run that claims to be running', () => {
  test.each([
    ['while its lease is good', seconds(20), 'running'],
    ['shortly after', seconds(-7), 'running'],
    ['eight seconds after', seconds(-8), 'stalled'],
    ['when nobody holds it', null, 'stalled'],
  ] as const)('is shown, %s, as it is', (_when, until, state) => {
    expect(shownRun(run, until, clock.now()).state).toBe(state);
  });

  test('is shown as dead within 30 s of its last sign of life, by what the ledger knows', async () => {
    const ledger = memoryLedger(clock);
    await ledger.claim(run, 'me', 20);
    const [alive] = await shownRuns(await ledger.fileRuns(run.feed, run.day), ledger, clock.now());
    expect(alive?.state).toBe('running');
    const [dead] = await shownRuns(await ledger.fileRuns(run.feed, run.day), ledger, seconds(28));
    expect(dead?.state).toBe('stalled');
  });
});

test.each(['retrying', 'deferred', 'loaded', 'failed'] as const)(
  'a run that is %s stays so without a lease',
  (state) => {
    expect(shownRun({ ...run, state }, null, clock.now()).state).toBe(state);
  },
);
