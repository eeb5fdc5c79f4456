import { expect, test } from 'vitest';
import type { FeedTally, SettledMessage } from '../../../core/model/run.ts';
import { addMessages, emptyStreamRun } from '../../../core/model/tally.ts';
import { figuresOf } from '../../../core/report/messages.ts';

const tallyOf = (messages: readonly Partial<SettledMessage>[]): FeedTally => {
  const slot = { stream: 's', shard: '0', minute: new Date(0) };
  const defaults = { position: '1', feed: 'f', outcome: 'loaded', bytes: 10, latency: 1, writeTime: 1 } as const;
  const settled = messages.map((each) => ({ ...defaults, ...each }));
  return addMessages(emptyStreamRun(slot, new Date(0)), settled, new Date(0)).feeds.f ?? expect.fail();
};

test('the figures of many tallies are those of all their messages', () => {
  const slow = tallyOf(Array.from({ length: 10 }, () => ({ latency: 10_000, database: 3000 })));
  const fast = tallyOf(Array.from({ length: 190 }, () => ({ latency: 100, outcome: 'dropped' as const })));
  const { milliseconds, ...figures } = figuresOf([slow, fast]);
  expect(figures).toEqual({
    bytes: 2000,
    counts: { read: 200, loaded: 10, dropped: 190, rejected: 0 },
    databaseMilliseconds: 3000,
    throttles: 0,
    overQuota: 0,
  });
  expect(milliseconds).toMatchObject({ min: 100, average: 595, max: 10_000 });
  expect(milliseconds?.p95).toBeGreaterThan(95);
  expect(milliseconds?.p95).toBeLessThan(105);
});

test('tallies of an older version have no percentile, and no figures of the database', () => {
  const old: FeedTally = {
    counts: { read: 2, loaded: 2, dropped: 0, rejected: 0 },
    bytes: 20,
    latency: { min: 1, max: 3, sum: 4 },
  };
  expect(figuresOf([old])).toMatchObject({
    milliseconds: { min: 1, average: 2, p95: null, max: 3 },
    databaseMilliseconds: null,
    throttles: 0,
  });
  expect(figuresOf([])).toMatchObject({ milliseconds: null, databaseMilliseconds: null });
});
