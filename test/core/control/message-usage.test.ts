import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noteRun, type ShardUsage, totalUsed, usageOfRuns } from '../../../core/control/message-usage.ts';
import type { SettledMessage, StreamRun } from '../../../core/model/run.ts';
import { addMessages, emptyStreamRun } from '../../../core/model/tally.ts';

const START = Date.parse('2026-01-02T00:00:00Z');

/** The run of a minute after so many messages of ten bytes, and so many more that found no room. */
function runOf(minute: number, messages: number, over = 0): StreamRun {
  const slot = { stream: 's@1', shard: 'shardId-000000000000', minute: new Date(START + minute * 60_000) };
  const settled = Array.from({ length: messages + over }, (_, at): SettledMessage => {
    const outcome = { position: String(at), stage: 'admit', code: 'SLU-3031', message: 'm', raw: '' } as const;
    const common = { position: String(at), feed: 'f', bytes: 10, latency: 1, writeTime: 1 };
    return at < messages ? { ...common, outcome: 'loaded' } : { ...common, outcome, overQuota: true };
  });
  return addMessages(emptyStreamRun(slot, new Date(START)), settled, new Date(START));
}

test('a day’s usage is the sum over its runs, however they grow and however often each state is noted', () => {
  const steps = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 5 }), fc.nat(2)), { maxLength: 80 });
  fc.assert(
    fc.property(steps, fc.array(fc.nat(80)), (growth, repeats) => {
      const truth = new Map<number, StreamRun>();
      const states: StreamRun[] = [];
      let usage: ShardUsage | null = null;
      const note = (run: StreamRun) => {
        usage = (usage && noteRun(usage, run)) ?? usageOfRuns([...truth.values()]);
      };
      const sizes = new Map<number, [number, number]>();
      for (const [minute, more, over] of growth) {
        const [messages, refused] = sizes.get(minute) ?? [0, 0];
        sizes.set(minute, [messages + more, refused + over]);
        const run = runOf(minute, messages + more, refused + over);
        truth.set(minute, run);
        states.push(run);
        note(run);
        // A slow invocation notes what it has seen long ago.
        const late = states[repeats[states.length % (repeats.length || 1)] ?? 0];
        if (late) note(late);
      }
      const messages = [...sizes.values()].reduce((sum, [count]) => sum + count, 0);
      expect(totalUsed(usage ? [usage] : [])).toEqual({ messages, bytes: messages * 10 });
    }),
  );
});

test('the document of a shard stays small, however many minutes the day has had', () => {
  let usage = usageOfRuns([]);
  for (let minute = 0; minute < 1440; minute++) usage = noteRun(usage, runOf(minute, 1)) ?? expect.fail();
  expect(JSON.stringify(usage).length).toBeLessThan(1000);
  expect(totalUsed([usage])).toEqual({ messages: 1440, bytes: 14_400 });
});
