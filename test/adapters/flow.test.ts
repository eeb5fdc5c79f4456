import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  begin,
  end,
  type Flow,
  isChoked,
  MOST_IN_FLIGHT,
  newFlow,
  type Outcome,
  room,
} from '../../adapters/cassandra/flow.ts';

/** A database that takes so many requests at one time, and answers them round by round. */
function rounds(flow: Flow, capacity: number, count: number): { flow: Flow; strained: number } {
  let now = flow;
  let strained = 0;
  for (let round = 0; round < count; round++) {
    const first = now.begun;
    const together = Math.max(1, room(now));
    for (let each = 0; each < together; each++) now = begin(now);
    for (let each = 0; each < together; each++) {
      const outcome = each < capacity ? 'answered' : 'strained';
      if (outcome === 'strained') strained++;
      now = end(now, first + each, outcome);
    }
  }
  return { flow: now, strained };
}

test('whatever becomes of requests, at least one may be on its way and never more than the bound', () => {
  const outcome = fc.constantFrom<Outcome>('answered', 'strained', 'failed');
  const steps = fc.array(fc.oneof(fc.constant('begin' as const), fc.record({ which: fc.nat(), outcome })), {
    maxLength: 500,
  });
  fc.assert(
    fc.property(steps, (all) => {
      let flow = newFlow();
      const open: number[] = [];
      for (const step of all) {
        if (step === 'begin') {
          if (room(flow) === 0) continue;
          open.push(flow.begun);
          flow = begin(flow);
        } else if (open.length > 0) {
          const [number] = open.splice(step.which % open.length, 1);
          flow = end(flow, number as number, step.outcome);
        }
        expect(flow.limit).toBeGreaterThanOrEqual(1);
        expect(flow.limit).toBeLessThanOrEqual(MOST_IN_FLIGHT);
        expect(flow.inFlight).toBe(open.length);
        expect(room(flow) + flow.inFlight).toBeLessThanOrEqual(MOST_IN_FLIGHT);
        if (open.length === 0) expect(room(flow)).toBeGreaterThanOrEqual(1);
      }
    }),
  );
});

test('it settles at what the database takes, between half of it and two more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: MOST_IN_FLIGHT }), (capacity) => {
      let { flow } = rounds(newFlow(), capacity, 200);
      for (let more = 0; more < 50; more++) {
        ({ flow } = rounds(flow, capacity, 1));
        expect(flow.limit).toBeLessThan(capacity + 2);
        expect(flow.limit).toBeGreaterThanOrEqual(Math.max(1, Math.floor(capacity / 2)));
      }
    }),
  );
});

test('it comes back when the trouble is over, however long that was', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), (trouble) => {
      const { flow: down } = rounds(newFlow(), 0, trouble);
      const { flow } = rounds(down, MOST_IN_FLIGHT, 150);
      expect(Math.floor(flow.limit)).toBeGreaterThanOrEqual(MOST_IN_FLIGHT - 1);
    }),
  );
});

test('trouble that befalls all requests on their way at one time halves their number once', () => {
  let flow = newFlow();
  const { limit } = flow;
  for (let each = 0; each < limit; each++) flow = begin(flow);
  for (let number = 0; number < limit; number++) flow = end(flow, number, 'strained');
  expect(flow.limit).toBe(limit / 2);
  expect(isChoked(flow, 'strained')).toBe(false);
});

test('a failure that is no strain changes nothing, and few requests prove nothing', () => {
  let flow = newFlow();
  for (const outcome of ['failed', 'answered'] as const) {
    const number = flow.begun;
    flow = end(begin(flow), number, outcome);
    expect(flow.limit).toBe(newFlow().limit);
  }
});
