import { setFlagsFromString } from 'node:v8';
import { Logger } from '@aws-lambda-powertools/logger';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Client } from 'cassandra-driver';
import { eventBridgeAnnouncements } from '../adapters/announcements.ts';
import type { CassandraAddress } from '../adapters/cassandra/client.ts';
import { type DatabaseSettings, databaseOf } from '../adapters/cassandra/config.ts';
import { cassandraLedger } from '../adapters/cassandra/ledger.ts';
import { openDatabase } from '../adapters/cassandra/open.ts';
import { cassandraRegistry } from '../adapters/cassandra/registry.ts';
import { cassandraSink } from '../adapters/cassandra/sink.ts';
import { sqsQueue } from '../adapters/deliveries.ts';
import { kinesisClient, streamIdentity } from '../adapters/kinesis.ts';
import { s3Objects } from '../adapters/s3.ts';
import { readCredentials } from '../adapters/secrets.ts';
import { environment } from '../core/model/environment.ts';
import { FatalError } from '../core/model/errors.ts';
import { type LargeFileFigures, largeFiles } from '../core/model/large-files.ts';
import { ledgerTables } from '../core/model/ledger-tables.ts';
import { keyspaces, type Tenant } from '../core/model/tenant.ts';
import type { LargeFiles } from '../core/pipeline/parts/task.ts';
import { patientLedger, patiently, patientObjects, patientRegistry } from '../core/pipeline/patience.ts';
import type { Ledger, LedgerReader, Registry, Sink } from '../core/ports.ts';
import { profileVersion } from './version.ts';

/** What the handlers share: clients that live as long as the function's process, and nothing of any delivery. */

export const logger = new Logger({ serviceName: 'sluice' });
export const kinesis = kinesisClient();
export const queue = new SQSClient();
export const secrets = new SecretsManagerClient();
export const s3 = new S3Client();
export const events = new EventBridgeClient();
const clock = { now: () => new Date() };

/**
 * The old generation grows to twice of what is alive before it is collected. V8 by itself is more frugal with a heap of this size and marks it 34 times for a million
 * rows, on threads of its own: a load takes 17 % more processor time then, and 30 MiB less (docs/throughput.md).
 */
setFlagsFromString('--heap-growing-percent=100');
// Nor does a helper pay for the young generation where it must wait for a processor, as it must for the half of one that a function of this size has.
setFlagsFromString('--no-parallel-scavenge');

/**
 * Milliseconds at the end of an invocation that are kept for giving a delivery back in order: a statement that began before may
 * take the driver's whole patience of 12 s, and so may the one that notes the run's state.
 */
const MARGIN = 30_000;

export function requireEnv(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new FatalError('SLU-5004', `the environment variable ${name} is not set`);
}

export const cassandraAddress = (): CassandraAddress => databaseOf(process.env).address;

/** The ports live as long as the client: the sink learns what the database takes, ledger and registry keep what they have written last. */
interface Connection {
  readonly client: Client;
  readonly sink: Sink;
  readonly ledger: Ledger & LedgerReader;
  readonly registry: Registry;
}

let connection: Promise<Connection> | undefined;

/** Any client of AWS knows the function's credentials, and renews them before they expire. */
const login = {
  role: () => readCredentials(secrets, requireEnv(environment.secret)),
  aws: () => s3.config.credentials(),
};

const openConnection = async (database: DatabaseSettings, tenant: Tenant): Promise<Connection> => {
  const { data, ops } = keyspaces(tenant.id);
  const tables = { [data]: tenant.feeds.map(({ table }) => table), [ops]: ledgerTables };
  const client = await openDatabase(database, login, tables, clock);
  return {
    client,
    sink: cassandraSink(client, data, database.dialect),
    ledger: cassandraLedger(client, ops, clock, database.dialect),
    registry: cassandraRegistry(client, ops, database.dialect),
  };
};

const timeOf = (context: Context): AbortSignal =>
  AbortSignal.timeout(Math.max(1000, context.getRemainingTimeInMillis() - MARGIN));

/** The tenant's ports for one invocation; they wait for what is down as long as the invocation has time. */
export async function worldOf(tenant: Tenant, context: Context) {
  const signal = timeOf(context);
  const database = databaseOf(process.env);
  connection ??= openConnection(database, tenant);
  const { sink, ledger, registry } = await connection;
  return {
    tenant,
    signal,
    clock,
    sink,
    ledger: patientLedger(ledger, signal),
    objects: patientObjects(s3Objects(s3), signal),
    registry: patientRegistry(registry, signal),
    announcements: eventBridgeAnnouncements(events),
    profileVersion: profileVersion(tenant.id),
    rejectsBucket: requireEnv(environment.rejectsBucket),
    ...(database.writeTimeReach !== undefined && { writeTimeReach: database.writeTimeReach }),
    patiently: <T>(work: () => Promise<T>) => patiently(signal, work),
  };
}

/** As `worldOf`, but waits for a database that cannot be reached at all, too: a batch of the stream that is given back costs one of its attempts. */
export const patientWorldOf = (tenant: Tenant, context: Context) =>
  patiently(timeOf(context), async () => {
    try {
      return await worldOf(tenant, context);
    } catch (error) {
      await disconnect();
      throw error;
    }
  });

/** Milliseconds that an attempt keeps for what it has begun when it hands a file on: a window of records, and its checkpoint. */
const LAST_WINDOW = 20_000;

/** How large files are worked on; a function has a slice of its time for them, or, where going on is costly, nearly all of it. */
function largeOf(context: Context): LargeFiles {
  const figure = (name: keyof LargeFileFigures & keyof typeof environment): number =>
    Number(process.env[environment[name]] ?? largeFiles[name]);
  const left = Math.max(0, context.getRemainingTimeInMillis() - MARGIN - LAST_WINDOW);
  const after = (milliseconds: number) => new Date(Date.now() + milliseconds);
  return {
    from: figure('fromBytes'),
    partBytes: figure('partBytes'),
    workers: largeFiles.workers,
    handOver: { seeking: after(Math.min(left, figure('sliceSeconds') * 1000)), skipping: after(left) },
  };
}

let identity: Promise<string> | undefined;

/** Name and creation time of the tenant's stream; asked for once. */
export function streamOf(): Promise<string> {
  identity ??= streamIdentity(kinesis, requireEnv(environment.stream)).catch((error: unknown) => {
    identity = undefined;
    throw error;
  });
  return identity;
}

/** What is needed for files besides: the queue and the bucket that they come from. */
export const fileWorldOf = async (tenant: Tenant, context: Context) => ({
  ...(await worldOf(tenant, context)),
  large: largeOf(context),
  queue: sqsQueue(queue, requireEnv(environment.queueUrl)),
  stagingBucket: requireEnv(environment.stagingBucket),
});

/** After a failure the next invocation reads the secret and connects anew: the role may have a new password. */
async function disconnect(): Promise<void> {
  const old = connection;
  connection = undefined;
  await old?.then(({ client }) => client.shutdown()).catch(() => {});
}

/** Logs what a handler throws, once and whole, and starts the next invocation with fresh connections. */
export const guarded = <E, R>(): MiddlewareObj<E, R> => ({
  before: ({ context }) => logger.addContext(context),
  onError: async ({ error }) => {
    logger.error('the invocation failed', error as Error);
    await disconnect();
  },
});

/** Gives a delivery back after a failure that may pass. */
export async function givenBack(error: Error, delivery: Record<string, unknown>): Promise<void> {
  logger.warn('given back, to be tried again', { ...delivery, error });
  await disconnect();
}
