import { keyspacesLimits } from '../../core/model/keyspaces-limits.ts';
import { type Outline, outline } from './cql-outline.ts';

/**
 * The Keyspaces guard, for statements: holds their text to the part of CQL that Amazon Keyspaces has (its developer guide, pages "Supported
 * Cassandra APIs" and "Functional differences"). Everything is refused that is not known to be there. Values are looked at where they
 * are: in keyspaces-client.ts.
 */

/** What Keyspaces would refuse about a statement, in words; empty when it would take it. */
export const complaintsAbout = (cql: string): readonly string[] => complaintsOf(outline(cql));

export function complaintsOf(statement: Outline): readonly string[] {
  const { verb } = statement;
  if (!verbs.has(verb)) return [`Keyspaces does not know ${verb || 'an empty statement'}`];
  return rules.flatMap((rule) => rule(statement) ?? []);
}

const verbs = new Set([
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'BEGIN BATCH', 'USE'],
  ...['CREATE KEYSPACE', 'ALTER KEYSPACE', 'DROP KEYSPACE', 'CREATE TABLE', 'ALTER TABLE', 'DROP TABLE'],
  ...['CREATE TYPE', 'DROP TYPE'],
]);

/** Functions of the guide's page "Built-in functions"; Keyspaces has no aggregates and none of the user's own. */
const functions = new Set([
  ...['TOKEN', 'TTL', 'WRITETIME', 'CAST', 'NOW', 'UUID', 'MINTIMEUUID', 'MAXTIMEUUID', 'DATEOF', 'UNIXTIMESTAMPOF'],
  ...['TODATE', 'TOTIMESTAMP', 'TOUNIXTIMESTAMP', 'FROMJSON', 'TOJSON'],
]);

/** Words that stand before a parenthesis and are no function. */
const notCalled = new Set([
  'IN',
  'KEY',
  'VALUES',
  'AND',
  'WHERE',
  'BY',
  'SELECT',
  'DISTINCT',
  'AS',
  'TABLE',
  'IF',
  'ADD',
]);

/** Types of the guide's page "Data types", without counters: they are there, but not safe to repeat. */
const types = new Set([
  ...['ASCII', 'BIGINT', 'BLOB', 'BOOLEAN', 'DATE', 'DECIMAL', 'DOUBLE', 'FLOAT', 'INET', 'INT', 'SMALLINT', 'TEXT'],
  ...['TIME', 'TIMESTAMP', 'TIMEUUID', 'TINYINT', 'UUID', 'VARCHAR', 'VARINT', 'FROZEN'],
]);

type Rule = (statement: Outline) => string | readonly string[] | undefined;

const rules: readonly Rule[] = [
  ({ verb, tokens }) => {
    const called = tokens.filter((word, at) => tokens[at + 1] === '(' && /^[A-Z]/.test(word) && !notCalled.has(word));
    const names = verb === 'SELECT' || verb === 'UPDATE' || verb === 'DELETE' ? called : [];
    return names
      .filter((name) => !functions.has(name) && !/^(\w+ASBLOB|BLOBAS\w+)$/.test(name))
      .map((name) => `Keyspaces has no function ${name}`);
  },
  ({ verb, tokens }) => (verb === 'SELECT' && tokens.includes('GROUP') ? 'GROUP BY comes with aggregates' : undefined),
  ({ tokens }) =>
    tokens.some((token, at) => token === 'PER' && tokens[at + 1] === 'PARTITION') ? 'PER PARTITION LIMIT' : undefined,
  ({ verb, tokens }) => (verb !== 'SELECT' && tokens.includes('IN') ? 'IN stands in SELECT only' : undefined),
  ({ tokens }) => {
    const at = tokens.findIndex((token, index) => token === 'IN' && tokens[index + 1] === '(');
    if (at === -1) return undefined;
    const values = tokens.slice(at, tokens.indexOf(')', at)).filter((token) => token === ',').length + 1;
    return values > keyspacesLimits.inValues ? `IN with ${values} values` : undefined;
  },
  ({ conditional, timestamp }) =>
    conditional && timestamp ? 'a conditional statement takes no USING TIMESTAMP' : undefined,
  ({ verb, conditional }) => (verb === 'BEGIN BATCH' && conditional ? 'a condition inside a batch' : undefined),
  ({ verb, tokens }) => {
    if (verb !== 'BEGIN BATCH') return undefined;
    const most = tokens.includes('UNLOGGED') ? keyspacesLimits.unloggedBatch : keyspacesLimits.loggedBatch;
    const count = tokens.filter((token) => ['INSERT', 'UPDATE', 'DELETE'].includes(token)).length;
    return count > most ? `a batch of ${count} statements` : undefined;
  },
  ({ columns, ttl }) => {
    const most = ttl ? keyspacesLimits.columnsWithTtl : keyspacesLimits.columns;
    return columns.length > most ? `${columns.length} columns in a write, the most is ${most}` : undefined;
  },
  ({ verb, tokens }) => {
    if (verb !== 'CREATE TABLE' && verb !== 'ALTER TABLE' && verb !== 'CREATE TYPE') return undefined;
    const unknown = typesIn(verb, tokens)
      .filter((type) => !types.has(type))
      .map((type) => `the type ${type.toLowerCase()}${collections.has(type) ? ' that is not frozen' : ''}`);
    // Deep inside of a collection too; outside of brackets it is the name of a column.
    const depth = (at: number) =>
      tokens.slice(0, at).reduce((sum, token) => sum + Number(token === '<') - Number(token === '>'), 0);
    const isInside = tokens.some((token, at) => token === 'DURATION' && depth(at) > 0);
    return isInside ? [...unknown, 'the type duration'] : unknown;
  },
];

const collections = new Set(['LIST', 'SET', 'MAP', 'TUPLE']);

/** Types of columns: the word behind a column's name, in `CREATE TABLE t (a text, …)` and `ALTER TABLE t ADD a text`. */
function typesIn(verb: string, tokens: readonly string[]): string[] {
  if (verb === 'ALTER TABLE') {
    const at = tokens.indexOf('ADD');
    return at === -1 ? [] : tokens.slice(at + 2, at + 3);
  }
  const found: string[] = [];
  let depth = 0;
  let angles = 0;
  for (const [at, token] of tokens.entries()) {
    if (token === '(') depth++;
    if (token === ')') depth--;
    if (token === '<') angles++;
    if (token === '>') angles--;
    const startsColumn =
      depth === 1 && angles === 0 && (token === '(' || token === ',') && tokens[at + 1] !== 'PRIMARY';
    if (startsColumn) found.push(tokens[at + 2] ?? '');
    if (depth === 0 && found.length > 0) break;
  }
  return found;
}
