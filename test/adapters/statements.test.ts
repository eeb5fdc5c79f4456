import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as cql from '../../adapters/cassandra/cql.ts';
import { complaintsAbout } from '../../adapters/cassandra/keyspaces-guard.ts';
import { ledgerStatements } from '../../adapters/cassandra/ledger-cql.ts';
import { userTypesIn } from '../../core/model/column-types.ts';
import { ledgerTables } from '../../core/model/ledger-tables.ts';
import { defineTable, type Table } from '../../core/model/table.ts';
import { tenants } from '../../tenants/index.ts';

/** Holds every statement that the code can issue to what Keyspaces knows, and finds statements that are made where this test does not look. */

const everyType = defineTable({
  name: 'every_type',
  columns: {
    a: 'text',
    b: 'int',
    c: 'smallint',
    d: 'tinyint',
    e: 'float',
    f: 'double',
    g: 'boolean',
    h: 'timestamp',
    i: 'date',
    j: 'time',
    k: 'bigint',
    l: 'varint',
    m: 'decimal',
    n: 'uuid',
    o: 'blob',
    p: 'timeuuid',
    q: 'inet',
    r: { list: 'text' },
    s: { map: ['text', { set: 'int' }] },
    t: { udt: 'place', fields: { at: 'inet', tags: { set: 'text' } } },
    'if not exists in (': 'text',
  },
  partitionKey: ['a', 'b'],
  clusteringKey: ['c'],
  ttl: 3600,
});
const feedTables: readonly Table[] = tenants.flatMap(({ feeds }) => feeds.map(({ table }) => table as Table));
const tables: readonly Table[] = [...feedTables, ...ledgerTables, everyType];

/** What each maker of cql.ts can make. A maker that is missing here fails the first test. */
const made: Record<Exclude<keyof typeof cql, 'quote' | 'regularColumns' | 'keyFirst'>, readonly string[]> = {
  createKeyspace: [cql.createKeyspace('t', "{'class': 'SingleRegionStrategy'}")],
  createTable: tables.map((table) => cql.createTable('t', table)),
  createType: userTypesIn(Object.values(everyType.columns)).map((type) => cql.createType('t', type)),
  dropKeyspace: [cql.dropKeyspace('t')],
  addColumn: Object.entries(everyType.columns).map(([name, type]) => cql.addColumn('t', 'every_type', name, type)),
  insertRow: tables.map((table) => cql.insertRow('t', table)),
  deleteRow: tables.map((table) => cql.deleteRow('t', table)),
  selectCells: tables.map((table) => cql.selectCells('t', table)),
  selectRows: tables.map((table) => cql.selectRows('t', table)),
  selectColumns: [cql.selectColumns()],
  selectType: [cql.selectType()],
  selectKeyspaces: [cql.selectKeyspaces()],
  selectRole: [cql.selectRole()],
  setPassword: [cql.setPassword(false, 't', 'p'), cql.setPassword(true, 't', 'p')],
  dropRole: [cql.dropRole('t')],
  grant: [cql.grant('SELECT', 't', 't'), cql.grant('MODIFY', 't_ops', 't')],
};

/** Issued by apply-schema alone, which is deployed for Cassandra and not for Keyspaces: roles, for which Keyspaces has IAM. */
const onlyOnCassandra = ['selectRole', 'setPassword', 'dropRole', 'grant'];

/** Statements outside of the two modules, each for its reason. */
const elsewhere: Record<string, readonly string[]> = {
  // A query that a person could type, shown by the demo.
  'cli/demo.ts': ["SELECT * FROM aviation.flights_by_origin WHERE origin = 'LAS' AND day = '2001-01-01' LIMIT 5"],
  // Asks whether Cassandra is up; `local` imports no adapters.
  'local/cassandra.ts': ['SELECT release_version FROM system.local'],
};

describe('every statement is in what Keyspaces knows', () => {
  test('cql.ts makes nothing that is not listed here', () => {
    expect(Object.keys(made).sort()).toEqual(
      Object.keys(cql)
        .filter((name) => !['quote', 'regularColumns', 'keyFirst'].includes(name))
        .sort(),
    );
  });

  const listed = Object.entries(made).flatMap(([maker, statements]) =>
    onlyOnCassandra.includes(maker) ? [] : statements.map((statement) => [maker, statement] as const),
  );
  const all = [
    ...listed,
    ...ledgerStatements('t_ops').map((statement) => ['ledger-cql.ts', statement] as const),
    ...Object.entries(elsewhere).flatMap(([file, texts]) => texts.map((text) => [file, text] as const)),
  ];
  test.each(all)('%s: %s', (_, statement) => {
    expect(complaintsAbout(statement)).toEqual([]);
  });

  test('those for Cassandra alone are ones that Keyspaces has not, so that the list stays short', () => {
    const statements = ['setPassword', 'grant'].flatMap((maker) => made[maker as 'grant']);
    for (const statement of statements) expect(complaintsAbout(statement)).not.toEqual([]);
  });
});

describe('no statement is made where nobody looks', () => {
  const root = resolve(import.meta.dirname, '../..');
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], { cwd: root })
    .toString()
    .split('\n')
    .filter((file) => file !== '' && !/^(test|bench)\//.test(file) && existsSync(join(root, file)));
  const sources = new Map(files.map((file) => [file, withoutComments(readFileSync(join(root, file), 'utf8'))]));
  const makers = ['adapters/cassandra/cql.ts', 'adapters/cassandra/ledger-cql.ts'];
  /** They know the words that they look for, and make no statement of them. */
  const guards = ['adapters/cassandra/cql-outline.ts', 'adapters/cassandra/keyspaces-guard.ts'];

  test('texts that begin like CQL are in cql.ts and ledger-cql.ts, or listed here', () => {
    const found = new Map<string, readonly string[]>();
    for (const [file, source] of sources) {
      const texts = statementsIn(source);
      if (texts.length > 0 && ![...makers, ...guards].includes(file)) found.set(file, texts);
    }
    expect(Object.fromEntries(found)).toEqual(elsewhere);
    const words = guards.flatMap((file) => statementsIn(sources.get(file) as string));
    expect(words.filter((text) => !/^[A-Z]+( [A-Z]+)?$/.test(text))).toEqual([]);
  });

  test('in ledger-cql.ts they are inside the two lists that this test reads', () => {
    const source = sources.get('adapters/cassandra/ledger-cql.ts') as string;
    const lists = source.match(/^export function (ledger|registry)Cql\([\s\S]*?^\}/gm) ?? [];
    expect(lists).toHaveLength(2);
    const rest = lists.reduce((text, list) => text.replace(list, ''), source);
    expect(statementsIn(rest)).toEqual([]);
  });

  test('only the adapters of Cassandra, and those listed here, send statements or have a driver to send them with', () => {
    const sends = [...sources].filter(([, source]) => /\.(execute|eachRow|stream|batch)\s*\(/.test(source));
    const outside = sends.map(([file]) => file).filter((file) => !file.startsWith('adapters/cassandra/'));
    expect(outside.sort()).toEqual(Object.keys(elsewhere).sort());
    const drivers = [...sources].filter(([, source]) => /^import (?!type).*'cassandra-driver'/m.test(source));
    const others = drivers.map(([file]) => file).filter((file) => !file.startsWith('adapters/cassandra/'));
    expect(others).toEqual(['local/cassandra.ts']);
  });

  test('a planted statement is found', () => {
    for (const text of ["'SELECT a FROM b'", '`insert into x (a)`', "[ 'CREATE', ' INDEX ON t (a)']", '"truncate t"']) {
      expect(statementsIn(`const planted = ${text};`)).toHaveLength(1);
    }
  });
});

/** Texts in quotes that begin with a word of CQL: any verb in capitals, or in small letters with the word that follows it in CQL. */
function statementsIn(source: string): readonly string[] {
  const capitals =
    /(['"`])\s*((?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|TRUNCATE|GRANT|REVOKE|BEGIN)(?=[\s'"`])(?:(?!\1)[^\\]|\\.)*)/g;
  const small =
    /(['"`])\s*((?:select\s[^'"`]*\sfrom|insert\s+into|update\s+\S+\s+(?:set|using)|delete\s[^'"`]*from|(?:create|alter|drop)\s+(?:table|keyspace|index|type|role|function|materialized)|truncate\s)(?:(?!\1)[^\\]|\\.)*)/g;
  const rights = new Set(['SELECT']);
  return [...source.matchAll(capitals), ...source.matchAll(small)]
    .map(([, , text]) => text as string)
    .filter((text) => !rights.has(text));
}

function withoutComments(source: string): string {
  return source.replace(/^\s*\/\/.*$|\/\*[\s\S]*?\*\//gm, '');
}
