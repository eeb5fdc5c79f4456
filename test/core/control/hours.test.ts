import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextDay, opensAt } from '../../../core/control/hours.ts';

const at = (text: string) => new Date(`2026-03-05T${text}Z`);
const clock = fc.tuple(fc.nat(23), fc.nat(59)).map((parts) => parts.map((n) => String(n).padStart(2, '0')).join(':'));
const moment = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });

describe('hours of a tenant', () => {
  test.each([
    ['09:00', '17:00', '12:00:00', null],
    ['09:00', '17:00', '08:59:59', '2026-03-05T09:00:00.000Z'],
    ['09:00', '17:00', '17:00:00', '2026-03-06T09:00:00.000Z'],
    ['22:00', '06:00', '23:30:00', null],
    ['22:00', '06:00', '05:59:59', null],
    ['22:00', '06:00', '12:00:00', '2026-03-05T22:00:00.000Z'],
    ['08:00', '08:00', '03:00:00', null],
  ])('from %s to %s: at %s it opens %s (null is now)', (from, to, now, expected) => {
    expect(opensAt({ from, to }, at(now))?.toISOString() ?? null).toBe(expected);
  });

  test('what is told as the opening is a moment when it is open, and not before now', () => {
    fc.assert(
      fc.property(clock, clock, moment, (from, to, now) => {
        const opens = opensAt({ from, to }, now);
        if (opens === null) return;
        expect(opens.getTime()).toBeGreaterThan(now.getTime());
        expect(opensAt({ from, to }, opens)).toBeNull();
      }),
    );
  });

  test('a cron expression opens for its minutes at each of its moments', () => {
    const hours = { cron: '0 2 * * *', minutes: 30 };
    expect(opensAt(hours, at('02:00:00'))).toBeNull();
    expect(opensAt(hours, at('02:29:59'))).toBeNull();
    expect(opensAt(hours, at('02:31:00'))?.toISOString()).toBe('2026-03-06T02:00:00.000Z');
    expect(opensAt(hours, at('01:00:00'))?.toISOString()).toBe('2026-03-05T02:00:00.000Z');
  });

  test('without hours it is always open', () => {
    expect(opensAt(undefined, at('12:00:00'))).toBeNull();
  });

  test('the next day begins at midnight UTC', () => {
    expect(nextDay(at('23:59:59.999')).toISOString()).toBe('2026-03-06T00:00:00.000Z');
    expect(nextDay(at('00:00:00')).toISOString()).toBe('2026-03-06T00:00:00.000Z');
  });
});
