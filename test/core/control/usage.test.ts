import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { impossible, noUsage, release, reserve, takeOver, totalOf, type Usage } from '../../../core/control/usage.ts';

const claims = fc.record({ bytes: fc.nat(100), rows: fc.nat(100) });
const runs = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('reserve' as const), run: runs, claim: claims }),
    fc.record({ kind: fc.constant('end' as const), run: runs, claim: claims }),
    fc.record({ kind: fc.constant('give back' as const), run: runs }),
  ),
);
const limits = { filesPerDay: 4, bytesPerDay: 200, rowsPerDay: 150, filesAtOnce: 2 };

describe('the usage of a day', () => {
  test('never goes beyond a limit by reservations, in whatever order runs come, end and are given back', () => {
    fc.assert(
      fc.property(steps, (given) => {
        let usage: Usage = noUsage;
        for (const step of given) {
          if (step.kind === 'reserve') usage = reserve(usage, limits, step.run, { ...step.claim, attempt: 1 }).usage;
          else if (step.kind === 'give back') usage = release(usage, step.run, 1);
          else {
            // A run uses at most what it reserved.
            const held = usage.reserved[step.run];
            if (held)
              usage = release(usage, step.run, 1, { bytes: held.bytes, rows: Math.min(held.rows, step.claim.rows) });
          }
          const total = totalOf(usage);
          expect(total.files).toBeLessThanOrEqual(limits.filesPerDay);
          expect(total.bytes).toBeLessThanOrEqual(limits.bytesPerDay);
          expect(total.rows).toBeLessThanOrEqual(limits.rowsPerDay);
          expect(Object.keys(usage.reserved).length).toBeLessThanOrEqual(limits.filesAtOnce);
        }
      }),
    );
  });

  test('counts a run once, however often it asks and however often it ends', () => {
    fc.assert(
      fc.property(claims, fc.integer({ min: 1, max: 5 }), (claim, times) => {
        let usage: Usage = noUsage;
        for (let i = 0; i < times; i++) usage = reserve(usage, {}, 'a', { ...claim, attempt: 1 }).usage;
        expect(totalOf(usage)).toEqual({ files: 1, ...claim });
        for (let i = 0; i < times; i++) usage = release(usage, 'a', 1, claim);
        expect(totalOf(usage)).toEqual({ files: 1, ...claim });
        expect(usage.reserved).toEqual({});
      }),
    );
  });

  test('takes over what an earlier attempt has reserved, and counts only what the attempt that ends the run has', () => {
    const first = reserve(noUsage, limits, 'a', { bytes: 50, rows: 5, attempt: 1 }).usage;
    const second = takeOver(first, 'a', 2) as Usage;
    expect(totalOf(second)).toEqual(totalOf(first));
    expect(reserve(second, limits, 'a', { bytes: 50, rows: 5, attempt: 1 })).toEqual({ usage: second, broken: null });
    const ended = release(second, 'a', 2, { bytes: 50, rows: 5 });
    // The first attempt goes on, and does not know.
    const late = reserve(ended, limits, 'a', { bytes: 50, rows: 5, attempt: 1 }).usage;
    expect(release(late, 'a', 2, { bytes: 50, rows: 5 })).toEqual(ended);
    expect(takeOver(ended, 'a', 3)).toBeNull();
  });

  test('is as before when a reservation is given back', () => {
    const usage = reserve(noUsage, limits, 'a', { bytes: 50, rows: 50, attempt: 1 }).usage;
    expect(totalOf(release(usage, 'a', 1))).toEqual({ files: 0, bytes: 0, rows: 0 });
  });

  test('names the limit that is in the way, and reserves nothing', () => {
    const held = reserve(noUsage, limits, 'a', { bytes: 150, rows: 1, attempt: 1 }).usage;
    expect(reserve(held, limits, 'b', { bytes: 51, rows: 1, attempt: 1 })).toEqual({
      usage: held,
      broken: 'bytesPerDay',
    });
    expect(reserve(held, limits, 'b', { bytes: 50, rows: 150, attempt: 1 }).broken).toBe('rowsPerDay');
    const full = reserve(held, limits, 'b', { bytes: 1, rows: 1, attempt: 1 }).usage;
    expect(reserve(full, limits, 'c', { bytes: 1, rows: 1, attempt: 1 }).broken).toBe('filesAtOnce');
  });

  test('a file that no empty day could take is known as impossible', () => {
    expect(impossible(limits, { bytes: 201, rows: 0 })).toBe('bytesPerDay');
    expect(impossible(limits, { bytes: 200, rows: 150 })).toBeNull();
  });
});
