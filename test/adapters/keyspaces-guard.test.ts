import { expect, test } from 'vitest';
import { outline } from '../../adapters/cassandra/cql-outline.ts';
import { complaintsAbout } from '../../adapters/cassandra/keyspaces-guard.ts';

const marks = (count: number) => Array.from({ length: count }, () => '?').join(', ');
const names = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`).join(', ');
const insert = (count: number, using = '') => `INSERT INTO k.t (${names(count)}) VALUES (${marks(count)})${using}`;
const batch = (count: number) => `BEGIN UNLOGGED BATCH ${'INSERT INTO k.t (a) VALUES (1); '.repeat(count)}APPLY BATCH`;

const refused = {
  'a secondary index': 'CREATE INDEX ON k.t (a)',
  'an index of another kind': "CREATE CUSTOM INDEX i ON k.t (a) USING 'StorageAttachedIndex'",
  'a materialized view': 'CREATE MATERIALIZED VIEW k.v AS SELECT a FROM k.t WHERE a IS NOT NULL PRIMARY KEY (a)',
  'a trigger': "CREATE TRIGGER g ON k.t USING 'x'",
  'a function': 'CREATE OR REPLACE FUNCTION k.f (a int) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE java AS $$ $$',
  'an aggregate of one’s own': 'CREATE AGGREGATE k.g (int) SFUNC f STYPE int',
  'an aggregate in a query': 'SELECT count(*) FROM k.t',
  'a function that it does not know': 'SELECT myown(a) FROM k.t',
  'GROUP BY': 'SELECT a FROM k.t GROUP BY a',
  'PER PARTITION LIMIT': 'SELECT a FROM k.t PER PARTITION LIMIT 1',
  'a changed type': 'ALTER TYPE k.u ADD b text',
  TRUNCATE: 'truncate k.t',
  'a role': "CREATE ROLE r WITH PASSWORD = 'p'",
  'a right': 'GRANT SELECT ON KEYSPACE k TO r',
  'a counter': 'CREATE TABLE k.t (a text PRIMARY KEY, b counter)',
  'an added counter': 'ALTER TABLE k.t ADD b counter',
  'a collection that is not frozen': 'CREATE TABLE k.t (a text, b map<text, int>, PRIMARY KEY (a))',
  'a vector': 'CREATE TABLE k.t (a text PRIMARY KEY, b vector<float, 3>)',
  'a duration': 'CREATE TABLE k.t (a text PRIMARY KEY, b duration)',
  'a duration inside of a collection': 'ALTER TABLE k.t ADD b frozen<map<text, frozen<list<duration>>>>',
  'a duration inside of a type': 'CREATE TYPE IF NOT EXISTS k.u (a text, b duration)',
  'a collection inside of a type that is not frozen': 'CREATE TYPE k.u (a list<text>)',
  'a time with a condition': 'INSERT INTO k.t (a) VALUES (?) IF NOT EXISTS USING TIMESTAMP ?',
  'a time with a condition, in an update': 'UPDATE k.t USING TIMESTAMP ? SET b = ? WHERE a = ? IF b = ?',
  'IN outside of a query': 'DELETE FROM k.t WHERE a IN (?, ?)',
  'IN with too many values': `SELECT a FROM k.t WHERE a IN (${marks(101)})`,
  'a condition inside a batch': 'BEGIN BATCH UPDATE k.t SET b = 1 WHERE a = 1 IF b = 2 APPLY BATCH',
  'a batch that is too long': batch(31),
  'too many columns': insert(226),
  'too many columns with a TTL': insert(167, ' USING TIMESTAMP ? AND TTL 60'),
  'nothing at all': '',
  'what is hidden behind a comment': '/* SELECT */ TRUNCATE k.t -- SELECT',
};

test.each(Object.entries(refused))('%s is refused', (_, statement) => {
  expect(complaintsAbout(statement)).toHaveLength(1);
});

const taken = [
  insert(225),
  insert(166, ' USING TIMESTAMP ? AND TTL 60'),
  batch(30),
  `SELECT a FROM k.t WHERE a IN (${marks(100)})`,
  'SELECT token(a), ttl(b), writetime(b) FROM k.t WHERE token(a) > ?',
  'CREATE TABLE k.t (a text, b frozen<map<text, int>>, "counter" text, PRIMARY KEY ((a), "counter"))',
  'CREATE TABLE k.t (a inet PRIMARY KEY, duration timeuuid, b frozen<list<frozen<"u">>>, c frozen<"duration">)',
  'CREATE TYPE IF NOT EXISTS k.u (a text, "duration" frozen<set<inet>>)',
  "INSERT INTO k.t (a) VALUES ('IF TRUNCATE (') USING TIMESTAMP ?",
  'UPDATE k.t SET b = ? WHERE a = ? IF b = ?',
  'BEGIN BATCH INSERT INTO k.t (a) VALUES (1) APPLY BATCH',
  'DELETE FROM k.t USING TIMESTAMP ? WHERE a = ?',
];

test.each(taken)('%s is taken', (statement) => {
  expect(complaintsAbout(statement)).toEqual([]);
});

test('parameters are known by what they stand for', () => {
  const insertion = outline('INSERT INTO "K".t (a, "B b") VALUES (?, ?) USING TIMESTAMP ? AND TTL ?');
  expect(insertion.table).toEqual({ keyspace: 'K', name: 't' });
  expect(insertion.parameters).toEqual([{ column: 'a' }, { column: 'B b' }, 'timestamp', 'other']);
  const update = outline('UPDATE k.t USING TIMESTAMP ? SET b = ?, "C" = ? WHERE a = ?');
  expect(update.parameters).toEqual(['timestamp', { column: 'b' }, { column: 'C' }, { column: 'a' }]);
  expect(outline('UPDATE k.t SET b = ? WHERE a = ? IF b = ?').parameters).toEqual([
    { column: 'b' },
    { column: 'a' },
    'other',
  ]);
  expect(outline('SELECT a FROM k.t WHERE a IN ? LIMIT ?').parameters).toEqual(['in', 'other']);
});

test('the columns of a write are counted once each', () => {
  expect(outline(insert(3)).columns).toEqual(['c0', 'c1', 'c2']);
  expect(outline('UPDATE k.t SET b = ?, c = ? WHERE a = ? IF d = ?').columns).toEqual(['b', 'c', 'a']);
});
