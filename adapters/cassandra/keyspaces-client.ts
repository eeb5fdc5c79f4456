import { type Client, errors, types } from 'cassandra-driver';
import { FatalError } from '../../core/model/errors.ts';
import { keyspacesLimits } from '../../core/model/keyspaces-limits.ts';
import type { Columns, Table } from '../../core/model/table.ts';
import type { Clock } from '../../core/ports.ts';
import { type Outline, outline } from './cql-outline.ts';
import { complaintsOf } from './keyspaces-guard.ts';
import { sizeOf } from './values.ts';

type Tables = Readonly<Record<string, readonly Table[]>>;
type Query = string | { readonly query: string; readonly params?: unknown };

/**
 * The Keyspaces guard, at run time: a client of Cassandra that refuses what Keyspaces would, so that it shows on the laptop. A statement of ours that is
 * wrong is a `FatalError`; a row that is too large or too old gets the answer of a server that calls it invalid, so that all further code
 * treats it as it would treat Keyspaces' own.
 */
export function guardedClient(client: Client, tables: Tables, clock: Clock): Client {
  const known = new Map<string, Statement>();
  const statementOf = (cql: string): Statement => {
    const found = known.get(cql) ?? examined(cql, tables);
    known.set(cql, found);
    return found;
  };
  const check = (cql: string, params: unknown): Statement => {
    const statement = statementOf(cql);
    if (Array.isArray(params)) checkValues(statement, params, clock);
    return statement;
  };

  const single = (name: 'execute' | 'eachRow' | 'stream') => ({
    [name]: (cql: string, params: unknown, ...rest: unknown[]) => {
      check(cql, params);
      return Reflect.apply(client[name], client, [cql, params, ...rest]);
    },
  });
  const checkBatch = (statements: readonly (readonly [cql: string, params: unknown])[], most: number) => {
    if (statements.length > most) throw refused(`a batch of ${statements.length} statements, the most is ${most}`);
    for (const [cql, params] of statements) {
      if (check(cql, params).outline.conditional) throw refused(`a condition inside a batch (${cql})`);
    }
  };
  const guarded: Record<string, unknown> = {
    ...single('eachRow'),
    ...single('stream'),
    // A promise that is rejected, like the driver's own: nobody expects these to throw.
    execute: async (...given: [string, unknown]) => single('execute').execute?.(...given),
    batch: async (queries: readonly Query[], options: { logged?: boolean } = {}, ...rest: unknown[]) => {
      const { unloggedBatch, loggedBatch } = keyspacesLimits;
      const statements = queries.map((each): [string, unknown] =>
        typeof each === 'string' ? [each, []] : [each.query, each.params],
      );
      checkBatch(statements, options.logged === false ? unloggedBatch : loggedBatch);
      return Reflect.apply(client.batch, client, [queries, options, ...rest]);
    },
  };
  const proxy = new Proxy(client, {
    get(target, name) {
      if (typeof name === 'string' && Object.hasOwn(guarded, name)) return guarded[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  guards.set(proxy, {
    driver: client,
    checkBatch: (statements) => checkBatch(statements, keyspacesLimits.unloggedBatch),
  });
  return proxy;
}

interface Inside {
  /** The driver's own client. */
  readonly driver: Client;
  /** The guard of unlogged batches that are handed to the driver's client past `batch`; absent where there is none. */
  readonly checkBatch?: (statements: readonly (readonly [cql: string, params: unknown])[]) => void;
}

const guards = new WeakMap<Client, Inside>();

/** What is inside of a client, which may be guarded. */
export const insideOf = (client: Client): Inside => guards.get(client) ?? { driver: client };

interface Statement {
  readonly outline: Outline;
  readonly key: { readonly partition: ReadonlySet<string>; readonly clustering: ReadonlySet<string> } | null;
  readonly columns: Columns;
  /** Bytes that each column's name costs. */
  readonly perColumn: number;
}

function examined(cql: string, tables: Tables): Statement {
  const seen = outline(cql);
  const complaints = complaintsOf(seen);
  if (complaints.length > 0) throw refused(`${complaints.join('; ')} (${cql})`);
  const { table } = seen;
  const definition = table && tables[table.keyspace]?.find(({ name }) => name === table.name);
  return {
    outline: seen,
    key: definition
      ? { partition: new Set(definition.partitionKey), clustering: new Set(definition.clusteringKey) }
      : null,
    columns: definition?.columns ?? {},
    perColumn: TIMESTAMP + Math.ceil(Object.keys(definition?.columns ?? seen.columns).length / 62),
  };
}

const refused = (what: string): FatalError =>
  new FatalError('SLU-5004', `Amazon Keyspaces would refuse this statement: ${what}`);

/** What a server answers about a row that it finds invalid. */
const invalid = (what: string): Error =>
  new errors.ResponseError(types.responseErrorCodes.invalid, `Amazon Keyspaces would refuse the row: ${what}`);

/** Bytes of a cell's client-side timestamp: the lower end of the guide's 20 to 40. */
const TIMESTAMP = 20;
/** Bytes that every row costs besides its data. */
const ROW = 100;

/** The guide's page "Estimate row size": a key's values are stored twice, each with a little more. */
function checkValues(
  { outline: { parameters }, key, columns, perColumn }: Statement,
  params: readonly unknown[],
  clock: Clock,
) {
  let row = ROW;
  let partition = 0;
  let clustering = 0;
  for (const [index, parameter] of parameters.entries()) {
    const value = params[index];
    if (parameter === 'timestamp') checkWriteTime(Number(value), clock);
    else if (parameter === 'in' && Array.isArray(value) && value.length > keyspacesLimits.inValues) {
      throw refused(`IN with ${value.length} values, the most is ${keyspacesLimits.inValues}`);
    }
    if (typeof parameter === 'string' || value === undefined || value === null) continue;
    const type = columns[parameter.column];
    if (type === 'varint' && String(value).replace('-', '').length > keyspacesLimits.varintDigits) {
      throw invalid(`its varint "${parameter.column}" has more than ${keyspacesLimits.varintDigits} digits`);
    }
    const size = sizeOf(value, Buffer.byteLength);
    if (key?.partition.has(parameter.column)) {
      partition += size;
      row += 2 * size + 3;
    } else if (key?.clustering.has(parameter.column)) {
      clustering += size;
      row += 2 * size + size / 5;
    } else row += size + perColumn;
  }
  const { rowBytes, partitionKeyBytes, clusteringKeyBytes } = keyspacesLimits;
  if (partition > partitionKeyBytes) throw invalid(`its partition key has ${partition} of ${partitionKeyBytes} bytes`);
  if (clustering > clusteringKeyBytes) {
    throw invalid(`its clustering columns have ${clustering} of ${clusteringKeyBytes} bytes`);
  }
  if (row > rowBytes) throw invalid(`it has about ${Math.round(row)} bytes, the most is ${rowBytes}`);
}

function checkWriteTime(microseconds: number, clock: Clock): void {
  const ahead = microseconds / 1000 - clock.now().getTime();
  if (ahead >= -keyspacesLimits.writeTimePast && ahead <= keyspacesLimits.writeTimeFuture) return;
  const time = new Date(microseconds / 1000);
  const shown = Number.isNaN(time.getTime()) ? String(microseconds) : time.toISOString();
  throw invalid(`its write time ${shown} is more than two days ago or five minutes ahead`);
}
