import type { z } from 'zod';
import { cronProblem } from './cron.ts';
import { formatProblems } from './format-shape.ts';
import { keyspacesLimits } from './keyspaces-limits.ts';
import { didYouMean, nearest } from './nearest.ts';
import { checkTypes, checkUserTypes, NAME, NAME_RULE, unfitForKey } from './profile-columns.ts';
import { checkContract } from './profile-contract.ts';
import { checkQuality } from './profile-quality.ts';
import { knownKeys, profileShape } from './profile-shape.ts';
import { NO_FEED } from './run.ts';
import { show } from './show.ts';
import { type Columns, primaryKey, type Table } from './table.ts';
import { BATCH_SIZE, type Feed, keyspaces, type StreamScaling, type StreamSettings, type Tenant } from './tenant.ts';

/** One mistake of a profile. */
export interface ProfileProblem {
  /** Such as `feeds.0.table.columns.day`. */
  readonly path: string;
  /** What is wrong, what was expected, and the nearest known name where there is one. */
  readonly message: string;
}

/** Finds every mistake of a profile at once; none means that it can be deployed. */
export function problemsOf(tenant: Tenant): ProfileProblem[] {
  const { error } = profileShape.safeParse(tenant);
  const problems = (error?.issues ?? []).flatMap((issue) => toldBy(issue, tenant));
  const say: Say = (path, message) => problems.push({ path, message });
  // What follows looks only at what has the right shape; the rest has been told above.
  if (typeof tenant?.id === 'string') checkId(tenant.id, say);
  const feeds = (Array.isArray(tenant?.feeds) ? tenant.feeds : []).filter(isObject) as Partial<Feed>[];
  checkFeeds(feeds, say);
  checkHours(tenant?.hours, 'hours', say);
  for (const [index, { hours }] of feeds.entries()) checkHours(hours, `feeds.${index}.hours`, say);
  const names = feeds.map(({ name }) => String(name));
  const streamFeed: unknown = tenant?.stream?.feed;
  if (typeof streamFeed === 'string' && !names.includes(streamFeed)) {
    const hint = didYouMean(streamFeed, names) || `; the tenant has ${names.join(', ')}`;
    say('stream.feed', `no feed is named ${show(streamFeed)}${hint}`);
  }
  if (isObject(tenant?.stream)) checkScaling(tenant.stream, say);
  return problems;
}

/** Finds what tenants that are right by themselves cannot have together; `path` begins with the tenant's place in the list. */
export function problemsBetween(tenants: readonly Tenant[]): ProfileProblem[] {
  const problems: ProfileProblem[] = [];
  const owners = new Map<string, number>();
  for (const [index, { id }] of tenants.entries()) {
    for (const keyspace of Object.values(keyspaces(id))) {
      const owner = owners.get(keyspace);
      if (owner === undefined) owners.set(keyspace, index);
      else if (owner !== index) {
        const message = `the keyspace ${keyspace} belongs to tenant ${tenants[owner]?.id} already; choose another id`;
        if (!problems.some(({ path }) => path === `${index}.id`)) problems.push({ path: `${index}.id`, message });
      }
    }
  }
  return problems;
}

type Say = (path: string, message: string) => void;

const valueAt = (tenant: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], tenant);

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** A mistake of shape in our words: what is there, what was expected. */
function toldBy(issue: z.core.$ZodIssue, tenant: unknown): ProfileProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path, valueAt(tenant, issue.path));
    return issue.keys.map((key) => ({
      path: [...issue.path, key].join('.'),
      message: `no such setting${didYouMean(key, known) || `; known are ${known.join(', ')}`}`,
    }));
  }
  const path = issue.path.join('.');
  const value = valueAt(tenant, issue.path);
  if (value === undefined) return [{ path, message: `is missing; expected is ${expected(issue)}` }];
  return [{ path, message: `${show(value)} is not ${expected(issue)}${suggestion(issue, value)}` }];
}

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return (
        { int: 'a whole number', array: 'a list', record: 'an object' }[issue.expected as string] ??
        `a ${issue.expected}`
      );
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return `at most ${issue.maximum.toLocaleString('en-US')}, the platform’s cap`;
    case 'too_small':
      return issue.origin === 'number' ? `at least ${issue.minimum}` : 'allowed: it must not be empty';
    default:
      return issue.message;
  }
}

function suggestion(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return '';
  const found = nearest(value, issue.values.map(String));
  return found !== undefined && issue.values.includes(found) ? `; did you mean ${found}?` : '';
}

/** Ids name keyspaces, roles, buckets and stacks: none of these may be somebody else's. */
const RESERVED = ['cassandra', 'platform', 'dse', 'solr'];

function checkId(id: string, say: Say): void {
  if (id.endsWith('_ops')) say('id', `${show(id)} ends in _ops, as only the ledger’s keyspaces do`);
  else if (!/^[a-z][a-z0-9]{0,31}$/.test(id)) {
    say('id', `${show(id)} is not lower case letters and digits, beginning with a letter, at most 32`);
  } else if (id.startsWith('system') || RESERVED.includes(id)) {
    say('id', `${show(id)} is taken by Cassandra or by the platform; choose another`);
  }
}

/** What the stream manager may do includes what it finds. */
function checkScaling({ shards, batchSize = BATCH_SIZE, scaling }: Partial<StreamSettings>, say: Say): void {
  if (!isObject(scaling) || typeof shards !== 'number') return;
  const { minShards = shards, maxShards = shards, maxBatch = batchSize } = scaling as StreamScaling;
  if (minShards > shards) say('stream.scaling.minShards', `${minShards} is more than stream.shards, ${shards}`);
  if (maxShards < shards) say('stream.scaling.maxShards', `${maxShards} is less than stream.shards, ${shards}`);
  if (maxBatch < batchSize) say('stream.scaling.maxBatch', `${maxBatch} is less than stream.batchSize, ${batchSize}`);
}

function checkFeeds(feeds: readonly Partial<Feed>[], say: Say): void {
  const seen = new Map<unknown, number>();
  const tables = new Map<unknown, { shape: string; feed: unknown }>();
  const userTypes = new Map<string, string>();
  for (const [index, feed] of feeds.entries()) {
    const { name, formats, table, transform } = feed;
    const place = `feeds.${index}`;
    checkQuality(feed, place, say);
    checkContract(feed, place, say);
    if (typeof name === 'string') {
      if (name === NO_FEED) say(`${place}.name`, `"${NO_FEED}" stands for no feed in the ledger; choose another`);
      else if (!/^[a-z][a-z0-9_-]{0,47}$/.test(name)) {
        say(
          `${place}.name`,
          `${show(name)} is not lower case letters, digits, - and _, beginning with a letter, at most 48`,
        );
      }
      if (seen.has(name)) say(`${place}.name`, `${show(name)} is the name of feed ${seen.get(name)} already`);
      else seen.set(name, index);
    }
    if (Object.prototype.toString.call(transform).startsWith('[object Async')) {
      say(`${place}.transform`, 'is async; a transform does not wait: it returns a row, a list of rows, or null');
    }
    for (const [path, message] of formatProblems(formats)) say(`${place}.formats.${path}`, message);
    if (!isObject(table)) continue;
    checkTable(table as Partial<Table>, `${place}.table`, userTypes, say);
    const { columns, partitionKey, clusteringKey, ttl } = table as Partial<Table>;
    const shape = JSON.stringify([columns, partitionKey, clusteringKey, ttl]);
    const other = tables.get(table?.name);
    if (other && other.shape !== shape) {
      say(`${place}.table.name`, `the feed ${String(other.feed)} has a table ${show(table?.name)} of another shape`);
    }
    if (!other) tables.set(table?.name, { shape, feed: name });
  }
}

function checkHours(hours: unknown, place: string, say: Say): void {
  const cron = (hours as { cron?: unknown } | null | undefined)?.cron;
  const problem = typeof cron === 'string' ? cronProblem(cron) : null;
  if (problem !== null) say(`${place}.cron`, problem);
}

function checkTable(table: Partial<Table>, place: string, userTypes: Map<string, string>, say: Say): void {
  const { name, ttl } = table;
  const areTypes = isObject(table.columns) && checkTypes(table.columns as Columns, `${place}.columns`, say);
  if (areTypes) checkUserTypes(Object.values(table.columns as Columns), `${place}.columns`, userTypes, say);
  const columns = isObject(table.columns) ? Object.keys(table.columns as object) : [];
  if (typeof name === 'string' && !NAME.test(name)) say(`${place}.name`, `${show(name)} is not ${NAME_RULE}`);
  for (const column of columns) {
    if (!NAME.test(column)) say(`${place}.columns.${column}`, `the name is not ${NAME_RULE}`);
    // A row without this column would seem to have one.
    if (column === 'constructor')
      say(`${place}.columns.${column}`, 'every object has something of this name; choose another');
  }
  const most = ttl ? keyspacesLimits.columnsWithTtl : keyspacesLimits.columns;
  if (columns.length > most) {
    say(`${place}.columns`, `${columns.length} columns; Keyspaces writes at most ${most}${ttl ? ' with a ttl' : ''}`);
  }
  if (!Array.isArray(table.partitionKey) || !Array.isArray(table.clusteringKey)) return;
  if (table.partitionKey.length === 0)
    say(`${place}.partitionKey`, 'is empty; name the columns that choose the partition');
  const met = new Set<string>();
  for (const column of primaryKey(table as Table)) {
    const part = table.partitionKey.includes(column) ? 'partitionKey' : 'clusteringKey';
    if (!columns.includes(column)) {
      const hint = didYouMean(String(column), columns) || `; the table has ${columns.join(', ')}`;
      say(`${place}.${part}`, `no column is named ${show(column)}${hint}`);
    }
    const type = areTypes ? (table.columns as Columns)[column] : undefined;
    const unfit = type && unfitForKey(type);
    if (unfit) say(`${place}.${part}`, `the column named ${show(column)}: ${unfit}`);
    if (met.has(column)) say(`${place}.${part}`, `the column ${show(column)} is in the key twice`);
    met.add(column);
  }
}
