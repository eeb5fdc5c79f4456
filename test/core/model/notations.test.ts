import { isIP } from 'node:net';
import { types } from 'cassandra-driver';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimalText, wholeText } from '../../../core/model/digits.ts';
import { durationText, parseDuration } from '../../../core/model/duration.ts';
import { inetBytes, inetText } from '../../../core/model/inet.ts';
import { parseTimestamp } from '../../../core/model/instants.ts';

describe('an address', () => {
  const soup = fc.string({ unit: fc.constantFrom(...'0123456789abF.::'), maxLength: 24 });
  const anyAddress = fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), soup, fc.string());

  test('is one when Node takes it for one', () => {
    fc.assert(
      fc.property(anyAddress, (text) => {
        if (!text.includes('%')) expect([text, inetBytes(text) !== null]).toEqual([text, isIP(text) !== 0]);
      }),
      { numRuns: 5000 },
    );
  });

  test('is written as a URL writes it, and read again it is the same', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const bytes = inetBytes(text) as Uint8Array;
        expect(inetBytes(inetText(bytes))).toEqual(bytes);
        const isMapped = text.includes(':') && bytes.length === 4;
        const url = new URL(`http://${text.includes(':') ? `[${text}]` : text}`).hostname.replace(/^\[|\]$/g, '');
        if (!isMapped) expect(inetText(bytes)).toBe(url);
      }),
      { numRuns: 2000 },
    );
  });

  test('of IPv4 inside of IPv6 is that of IPv4', () => {
    expect(inetText(inetBytes('::ffff:192.0.2.1') as Uint8Array)).toBe('192.0.2.1');
    expect(inetBytes('::192.0.2.1')).toHaveLength(16);
  });
});

describe('a duration', () => {
  const units = ['y', 'mo', 'w', 'd', 'h', 'm', 's', 'ms', 'us', 'ns'] as const;
  const standard = fc
    .tuple(fc.constantFrom('', '-'), fc.tuple(...units.map(() => fc.option(fc.nat(10_000)))))
    .map(([sign, counts]) => {
      const text = counts.map((count, at) => (count === null ? '' : `${count}${units[at]}`)).join('');
      return text === '' ? '0s' : sign + text;
    });

  test('is what the driver makes of it', () => {
    fc.assert(
      fc.property(standard, (text) => {
        const { months, days, nanoseconds } = types.Duration.fromString(text) as unknown as Record<string, unknown>;
        expect(parseDuration(text)).toEqual({
          months: Number(months) || 0,
          days: Number(days) || 0,
          nanoseconds: BigInt(String(nanoseconds)),
        });
      }),
    );
  });

  test('is the same by ISO 8601', () => {
    const parts = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(999_999_999));
    fc.assert(
      fc.property(parts, ([y, mo, d, h, m, s, ns]) => {
        const iso = `P${y}Y${mo}M${d}DT${h}H${m}M${s}.${String(ns).padStart(9, '0')}S`;
        expect(parseDuration(iso)).toEqual(parseDuration(`${y}y${mo}mo${d}d${h}h${m}m${s}s${ns}ns`));
      }),
    );
    expect(parseDuration('P3W')).toEqual(parseDuration('21d'));
    expect(parseDuration('-PT1M')).toEqual(parseDuration('-1m'));
  });

  test('is written so that it is the same when it is read again', () => {
    const any = fc.record({
      sign: fc.constantFrom(1, -1),
      months: fc.nat(2 ** 31 - 1),
      days: fc.nat(2 ** 31 - 1),
      nanoseconds: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    });
    fc.assert(
      fc.property(any, ({ sign, months, days, nanoseconds }) => {
        const duration = {
          months: months * sign || 0,
          days: days * sign || 0,
          nanoseconds: nanoseconds * BigInt(sign),
        };
        expect(parseDuration(durationText(duration))).toEqual(duration);
      }),
    );
    expect(durationText({ months: 23, days: 0, nanoseconds: 0n })).toBe('1y11mo');
    expect(durationText({ months: 0, days: 0, nanoseconds: 0n })).toBe('0s');
  });
});

describe('a number that is written out', () => {
  const power = fc.integer({ min: -30, max: 30 });
  const number = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), power);

  test('has the value that it had with its exponent', () => {
    fc.assert(
      fc.property(number, ([digits, exponent]) => {
        const text = decimalText(`${digits}e${exponent}`) as string;
        const [whole, fraction = ''] = text.split('.');
        expect(BigInt(`${whole}${fraction}`) * 10n ** BigInt(Math.max(0, -exponent) - fraction.length)).toBe(
          digits * 10n ** BigInt(Math.max(0, exponent)),
        );
        expect(text).toMatch(/^-?(0|[1-9]\d*)(\.\d+)?$/);
        expect(decimalText(text)).toBe(text);
        expect(Number(text)).toBe(Number(`${digits}e${exponent}`) + 0);
      }),
    );
  });

  test('is whole when nothing is behind its point', () => {
    fc.assert(
      fc.property(number, ([digits, exponent]) => {
        const isWhole = exponent >= 0 || digits % 10n ** BigInt(-exponent) === 0n;
        expect(wholeText(`${digits}e${exponent}`) !== null).toBe(isWhole);
      }),
    );
  });
});

describe('a timestamp', () => {
  test('keeps milliseconds, refuses more, or cuts it off where that is asked for', () => {
    const parts = fc.tuple(fc.nat(999), fc.nat(999_999));
    fc.assert(
      fc.property(parts, ([millis, nanos]) => {
        const fraction = String(millis).padStart(3, '0') + String(nanos).padStart(6, '0');
        const text = `2001-01-31T08:15:00.${fraction}+01:00`;
        const date = new Date(Date.UTC(2001, 0, 31, 7, 15, 0, millis));
        expect(parseTimestamp(text, true)).toEqual(date);
        expect(parseTimestamp(text)).toEqual(nanos === 0 ? date : 'too fine');
      }),
    );
  });
});
