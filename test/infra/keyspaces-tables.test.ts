import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { App, Stack } from 'aws-cdk-lib/core';
import { expect, test } from 'vitest';
import { type ColumnType, defineType } from '../../core/model/column-types.ts';
import { defineTable } from '../../core/model/table.ts';
import { KeyspaceTables } from '../../infra/keyspaces-tables.ts';
import type { Target } from '../../infra/target.ts';

/** The schema of Keyspaces for types that no tenant of this checkout has. */
function schemaOf(columns: Readonly<Record<string, ColumnType>>) {
  const stack = new Stack(new App(), 'stack');
  const table = defineTable({ name: 'things', columns: { id: 'inet', ...columns }, partitionKey: ['id'] });
  const target = { kind: 'keyspaces' } as Target;
  new KeyspaceTables(stack, 'Data', { keyspace: 'acme', tables: [table], key: new Key(stack, 'Key'), target });
  return Template.fromStack(stack);
}

const inner = defineType({ name: 'inner', fields: { at: { list: 'double' } } });
const outer = defineType({ name: 'outer', fields: { name: 'text', places: { map: ['text', inner] } } });

test('collections and user-defined types are declared, types before what is made of them', () => {
  const template = schemaOf({ tags: { set: 'timeuuid' }, others: { list: outer } });
  template.hasResourceProperties('AWS::Cassandra::Type', {
    KeyspaceName: 'acme',
    TypeName: 'outer',
    Fields: [
      { FieldName: 'name', FieldType: 'text' },
      { FieldName: 'places', FieldType: 'frozen<map<text, frozen<inner>>>' },
    ],
  });
  template.hasResourceProperties('AWS::Cassandra::Table', {
    RegularColumns: [
      { ColumnName: 'tags', ColumnType: 'frozen<set<timeuuid>>' },
      { ColumnName: 'others', ColumnType: 'frozen<list<frozen<outer>>>' },
    ],
  });
  const resources = template.toJSON().Resources as Record<string, { Type: string; DependsOn?: string[] }>;
  const named = (name: string) => Object.keys(resources).find((id) => id.includes(name)) as string;
  expect(resources[named('TypeOuter')]?.DependsOn).toContain(named('TypeInner'));
  expect(resources[named('Things')]?.DependsOn).toEqual(
    expect.arrayContaining([named('TypeInner'), named('TypeOuter')]),
  );
});

test('a duration, which Keyspaces has not, is told before anything is deployed', () => {
  for (const type of ['duration', { list: 'duration' }, { udt: 'u', fields: { d: 'duration' } }] as ColumnType[]) {
    expect(() => schemaOf({ length: type })).toThrow(/column "length" is .*; Keyspaces has no durations/);
  }
});
