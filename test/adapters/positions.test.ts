import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noPositions, unpack } from '../../adapters/cassandra/positions.ts';
import { comparePositions, sequenceOf, subPosition } from '../../core/model/position.ts';

const sequence = fc.bigInt({ min: 0n, max: 2n ** 186n });
const position = fc
  .tuple(fc.oneof(sequence, fc.bigInt({ min: 0n, max: 20n })), fc.option(fc.nat(40)))
  .map(([number, place]) => (place === null ? String(number) : subPosition(String(number), place)));

test('a set of positions is the same after it has been stored', () => {
  fc.assert(
    fc.property(
      fc.array(position, { minLength: 1, maxLength: 60 }),
      fc.array(position, { maxLength: 60 }),
      (some, others) => {
        const set = unpack(noPositions().with(some.slice(0, 5)).pack()).with(some);
        expect(unpack(set.pack()).list().toSorted()).toEqual([...new Set(some)].toSorted());
        for (const each of [...some, ...others]) expect(unpack(set.pack()).has(each)).toBe(some.includes(each));
        expect(set.records).toBe(new Set(some.map(sequenceOf)).size);
      },
    ),
  );
});

test('what was stored before there were aggregated records is read', () => {
  const old = ['ff', '100000000000000000000', '1'].join('\n');
  expect(unpack(deflateRawSync(old)).list()).toEqual(['255', String(255n + 2n ** 80n), String(256n + 2n ** 80n)]);
});

test('positions are ordered by number, not by text', () => {
  const sorted = ['9', '9.2', '9.10', '10', '10.0', '123456789012345678901234567890'];
  expect(sorted.toReversed().toSorted(comparePositions)).toEqual(sorted);
});

test('an aggregated record takes a few bytes, however many messages it holds', () => {
  const places = Array.from({ length: 10_000 }, (_, place) =>
    subPosition('49590338271490256608559692538361571095921575989136588898', place),
  );
  expect(noPositions().with(places).pack().byteLength).toBeLessThan(80);
});
