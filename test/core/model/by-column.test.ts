import { describe, expect, test } from 'vitest';
import { byColumn } from '../../../core/model/by-column.ts';
import { conformer } from '../../../core/model/conform.ts';
import { Fields } from '../../../core/model/fields.ts';
import { RowError } from '../../../core/model/row.ts';
import { defineTable } from '../../../core/model/table.ts';

const table = defineTable({
  name: 'things',
  columns: { id: 'text', at: 'timestamp', size: 'int', note: 'text', photo: 'blob', tags: { set: 'text' } },
  partitionKey: ['id'],
  clusteringKey: ['at'],
});
type Options = Parameters<typeof byColumn<NonNullable<typeof table.out>>>[1];

const read = (values: Record<string, unknown>, options?: Options) => {
  const row = byColumn(table, options)(new Fields(values));
  conformer(table)(row);
  return row;
};
const refused = (values: Record<string, unknown>, options?: Options) => {
  try {
    return read(values, options);
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return { code: error.code, column: error.column, message: error.message };
  }
};
const key = { id: 'a', at: '2001-01-31T08:15Z' };
const at = new Date('2001-01-31T08:15Z');

describe('byColumn', () => {
  test('gives each column the field of its name, read by its type, and leaves other fields out', () => {
    expect(read({ ...key, size: '7', tags: ['x'], other: 1 })).toEqual({ id: 'a', at, size: 7, tags: new Set(['x']) });
  });

  test('takes a field of another name for a column', () => {
    const values = { ...key, at: 'no timestamp', 'Departure Time': '2001-01-31 08:15' };
    expect(read(values, { rename: { at: 'Departure Time' } })).toEqual({ id: 'a', at });
  });

  test('leaves a column as it is when the record has no such field: never a tombstone', () => {
    for (const empty of ['unset', 'null'] as const) expect(read(key, { empty })).toEqual({ id: 'a', at });
  });

  test('leaves a column as it is when its field is null or empty, or deletes the cell where that is asked for', () => {
    const values = { ...key, size: null, note: '', photo: 'NA' };
    expect(read(values, { placeholders: ['NA'] })).toEqual({ id: 'a', at });
    const deleted = { id: 'a', at, size: null, note: null, photo: null };
    expect(read(values, { placeholders: ['NA'], empty: 'null' })).toEqual(deleted);
  });

  test('keeps empty texts where that is asked for, in columns of type text alone', () => {
    expect(read({ ...key, size: '', note: '' }, { keepEmptyText: true })).toEqual({ id: 'a', at, note: '' });
  });

  test('rejects a record whose key is not whole, by the name that its sender knows', () => {
    for (const id of [undefined, null, '']) {
      expect(refused({ ...key, id })).toEqual({
        code: 'SLU-2003',
        column: 'id',
        message: 'column "id" is missing or empty',
      });
    }
    expect(refused({ at: key.at }, { rename: { id: 'Name' } })).toEqual({
      code: 'SLU-2003',
      column: 'Name',
      message: 'column "Name" is missing or empty (it is id in the table)',
    });
  });

  test('rejects a value that is none of its type, naming column, value and type', () => {
    expect(refused({ ...key, size: '20 min' })).toEqual({
      code: 'SLU-2004',
      column: 'size',
      message: 'column "size" (int): "20 min" is not a whole number of 32 bits',
    });
    expect(refused({ ...key, Size: 1.5 }, { rename: { size: 'Size' } })).toMatchObject({
      column: 'Size',
      message: 'column "Size" (int size): 1.5 is not a whole number of 32 bits',
    });
  });

  test('reads bytes as base64 and cuts instants off at the millisecond where that is said, and nowhere else', () => {
    const values = { ...key, at: '2001-01-31T08:15:00.000999Z', photo: 'yv4=' };
    expect(read(values, { readAs: { at: 'truncated', photo: 'base64' } })).toEqual({
      id: 'a',
      at,
      photo: Uint8Array.of(0xca, 0xfe),
    });
    expect(refused(values)).toMatchObject({ code: 'SLU-2004', column: 'at' });
    expect(refused({ ...values, at: key.at })).toMatchObject({ code: 'SLU-2004', column: 'photo' });
  });

  test('finds no field in what every object has', () => {
    const odd = defineTable({ name: 'odd', columns: { id: 'text', constructor: 'text' }, partitionKey: ['id'] });
    expect(byColumn(odd)(new Fields({ id: 'a' }))).toEqual({ id: 'a' });
  });

  test('is told at once of columns that the table does not have, and of readings that a type does not know', () => {
    expect(() => byColumn(table, { rename: { colour: 'x' } } as unknown as Options)).toThrow('no column "colour"');
    expect(() => byColumn(table, { readAs: { size: 'base64' } })).toThrow('cannot be read as base64');
  });
});
