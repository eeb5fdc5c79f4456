import { expect, test } from 'vitest';
import { defineTable } from '../../../core/model/table.ts';
import { wrongWith } from '../../../core/report/rows.ts';

const table = defineTable({
  name: 't',
  columns: {
    id: 'text',
    a: 'text',
    b: 'int',
    at: 'timestamp',
    clock: 'time',
    tag: 'uuid',
    big: 'bigint',
    exact: 'decimal',
  },
  partitionKey: ['id'],
});
const T = 1_700_000_000_000_000;
const at = new Date(0);
const values = { id: 'k', a: 'x', b: 1, at, clock: '10:20:00', tag: 'AB', big: 5, exact: '1.50' };
const driver = {
  id: 'k',
  a: 'x',
  b: 1,
  at: new Date(0),
  clock: '10:20:00.000000000',
  tag: 'ab',
  big: 5n,
  exact: '1.50',
};
const times = (time: number) => ({ a: time, b: time, at: time, clock: time, tag: time, big: time, exact: time });
const wrong = (stored: Parameters<typeof wrongWith>[2], given: Record<string, unknown> = values) =>
  wrongWith(table, { values: given, writeTime: T }, stored);

test('a row that is stored as it was written is right, however its values are written', () => {
  expect(wrong({ values: driver, writeTimes: times(T) })).toBeNull();
});

test('a row that is not there, was written before, or differs at the same time is wrong', () => {
  expect(wrong(null)).toBe('the row is not there');
  expect(wrong({ values: driver, writeTimes: { ...times(T), a: T - 1000 } })).toBe(
    'column "a" was written 1 ms before the row',
  );
  expect(wrong({ values: { ...driver, b: 2 }, writeTimes: times(T) })).toBe('column "b" is 2 and should be 1');
  expect(wrong({ values: driver, writeTimes: { ...times(T), a: null } })).toBe('column "a" is empty and should be "x"');
});

test('what was written over since says nothing', () => {
  expect(wrong({ values: { ...driver, b: 2 }, writeTimes: { ...times(T), b: T + 1 } })).toBeNull();
  expect(wrong({ values: driver, writeTimes: { ...times(T + 1), a: null } })).toBeNull();
});

test('a cell that the row empties is empty, and one that it leaves alone may be anything', () => {
  const stored = { values: driver, writeTimes: times(T) };
  expect(wrong(stored, { ...values, a: null })).toBe('column "a" should be empty');
  expect(wrong({ values: driver, writeTimes: { ...times(T), a: null } }, { ...values, a: null })).toBeNull();
  expect(wrong({ values: driver, writeTimes: { ...times(T), a: null } }, { ...values, a: undefined })).toBeNull();
});
