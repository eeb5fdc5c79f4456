import { expect, expectTypeOf, test } from 'vitest';
import { byColumn } from '../../../core/model/by-column.ts';
import { cqlType, defineType, typeText, userTypesIn } from '../../../core/model/column-types.ts';
import { Fields } from '../../../core/model/fields.ts';
import { defineTable } from '../../../core/model/table.ts';
import { defineFeed } from '../../../core/model/tenant.ts';

const place = defineType({ name: 'place', fields: { name: 'text', at: { list: 'double' } } });
const table = defineTable({
  name: 't',
  columns: {
    id: 'uuid',
    at: 'timestamp',
    tags: { set: 'inet' },
    prices: { map: ['text', { list: 'decimal' }] },
    home: place,
    others: { list: place },
  },
  partitionKey: ['id'],
  clusteringKey: ['at'],
});
type Row = NonNullable<typeof table.out>;

test('the type of a row comes from its table, collections and user-defined types included', () => {
  expectTypeOf<Row['id']>().toEqualTypeOf<string>();
  expectTypeOf<Row['at']>().toEqualTypeOf<Date>();
  expectTypeOf<Row['tags']>().toEqualTypeOf<ReadonlySet<string> | null | undefined>();
  expectTypeOf<Row['prices']>().toEqualTypeOf<ReadonlyMap<string, readonly string[]> | null | undefined>();
  expectTypeOf<NonNullable<Row['home']>['at']>().toEqualTypeOf<readonly number[] | null | undefined>();
  expectTypeOf<NonNullable<Row['others']>[number]['name']>().toEqualTypeOf<string | null | undefined>();
});

test('a transform that returns another shape does not compile', () => {
  const feed = { name: 'f', description: 'd', formats: ['csv'], table } as const;
  const row = { id: 'a', at: new Date(0) };
  defineFeed({ ...feed, transform: () => ({ ...row, home: { name: 'x' }, tags: new Set(['::1']) }) });
  defineFeed({ ...feed, transform: byColumn(table, { rename: { home: 'Home' }, readAs: { at: 'truncated' } }) });
  // @ts-expect-error a list is no set
  defineFeed({ ...feed, transform: () => ({ ...row, tags: ['::1'] }) });
  // @ts-expect-error a field of a user-defined type has a type of its own
  defineFeed({ ...feed, transform: () => ({ ...row, home: { name: 7 } }) });
  // @ts-expect-error the key must be there
  defineFeed({ ...feed, transform: () => ({ id: 'a' }) });
  expect(() => {
    // @ts-expect-error the table has no such column
    byColumn(table, { rename: { colour: 'x' } });
  }).toThrow('no column');
});

test('a field is read as the type that is asked for', () => {
  const fields = new Fields({ tags: ['::1'], size: '7', home: { at: ['1.5'] } });
  expectTypeOf(fields.value('tags', { set: 'inet' })).toEqualTypeOf<ReadonlySet<string>>();
  expectTypeOf(fields.optionalValue('size', 'varint')).toEqualTypeOf<bigint | null>();
  expect(fields.value('tags', { set: 'inet' })).toEqual(new Set(['::1']));
  expect(fields.value('home', place)).toEqual({ at: [1.5] });
  expect(fields.optionalValue('none', { list: 'text' })).toBeNull();
});

test('types have their names in CQL, frozen, and those that people read', () => {
  expect(Object.values(table.columns).map((type) => cqlType(type))).toEqual([
    'uuid',
    'timestamp',
    'frozen<set<inet>>',
    'frozen<map<text, frozen<list<decimal>>>>',
    'frozen<place>',
    'frozen<list<frozen<place>>>',
  ]);
  expect(typeText(table.columns.prices as (typeof table.columns)[string])).toBe('map<text, list<decimal>>');
});

test('user-defined types come once each, after those that they are made of', () => {
  const inner = defineType({ name: 'inner', fields: { a: 'int' } });
  const outer = defineType({ name: 'outer', fields: { a: { map: ['text', inner] }, b: place } });
  const names = userTypesIn([{ list: outer }, place, inner]).map(({ udt }) => udt);
  expect(names.toSorted()).toEqual(['inner', 'outer', 'place']);
  expect(names.indexOf('outer')).toBe(2);
});
