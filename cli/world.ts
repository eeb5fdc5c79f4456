import { S3Client } from '@aws-sdk/client-s3';
import { ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Client } from 'cassandra-driver';
import { worldError } from '../adapters/cassandra/errors.ts';
import { cassandraLedger } from '../adapters/cassandra/ledger.ts';
import { openDatabase } from '../adapters/cassandra/open.ts';
import { cassandraRegistry } from '../adapters/cassandra/registry.ts';
import { readCredentials } from '../adapters/secrets.ts';
import { namesOf, platformNames } from '../core/model/names.ts';
import { keyspaces } from '../core/model/tenant.ts';
import type { Ledger, LedgerReader, Registry } from '../core/ports.ts';
import { loadSettings, type Settings } from '../local/settings.ts';
import { CliError } from './errors.ts';
import { chosenPlace, localPlace, type Place } from './place.ts';

export type ReadLedger = LedgerReader & Pick<Ledger, 'find' | 'counted'>;
export type ReadRegistry = Pick<Registry, 'read' | 'list'>;

/** What the operator's commands read: every tenant's ledger and rows, and nothing that can be changed. Objects and queues are AWS's. */
export interface OperatorWorld {
  readonly cassandra: Client;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  /** For further clients of AWS. */
  readonly aws: Place['aws'];
  /** What a tenant has in AWS, by the names that it has there. */
  names(tenant: string): ReturnType<typeof namesOf>;
  ledger(tenant: string): ReadLedger;
  registry(tenant: string): ReadRegistry;
  close(): Promise<void>;
}

/** The platform on the local stack, whatever the setting says. */
export const openWorld = async (settings: Settings): Promise<OperatorWorld> => openAt(await localPlace(settings));

/** Logs in as the operator's read-only role, which exists once the platform is deployed; on Keyspaces as whoever calls. */
async function openAt(place: Place): Promise<OperatorWorld> {
  const { aws, database, suffix } = place;
  const { dialect } = database;
  const s3 = new S3Client(aws);
  const sqs = new SQSClient(aws);
  const clock = { now: () => new Date() };
  const login = { role: () => operatorRole(place), aws: () => s3.config.credentials() };
  const cassandra = await openDatabase(database, login, {}, clock);
  await cassandra.connect().catch((error: unknown) => {
    throw worldError(error, `logging in to the database ${place.name}`);
  });
  return {
    cassandra,
    s3,
    sqs,
    aws,
    names: (tenant) => namesOf(tenant, suffix),
    ledger: (tenant) => cassandraLedger(cassandra, keyspaces(tenant).ops, clock, dialect),
    registry: (tenant) => cassandraRegistry(cassandra, keyspaces(tenant).ops, dialect),
    close: async () => {
      s3.destroy();
      sqs.destroy();
      await cassandra.shutdown();
    },
  };
}

async function operatorRole({ name, deploy, aws }: Place) {
  const secrets = new SecretsManagerClient(aws);
  try {
    return await readCredentials(secrets, platformNames.operatorSecret);
  } catch (error) {
    if (!((error as Error).cause instanceof ResourceNotFoundException)) throw error;
    throw new CliError('SLU-1007', `the platform is not deployed ${name}`, { next: deploy });
  } finally {
    secrets.destroy();
  }
}

/** Opens the world where the platform is for as long as the work takes. */
export async function inWorld<T>(work: (world: OperatorWorld) => Promise<T>): Promise<T> {
  const world = await openAt(await chosenPlace(loadSettings()));
  try {
    return await work(world);
  } finally {
    await world.close();
  }
}
