import { S3Client } from '@aws-sdk/client-s3';
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Client } from 'cassandra-driver';
import { connect } from '../adapters/cassandra/client.ts';
import { cassandraLedger } from '../adapters/cassandra/ledger.ts';
import { cassandraRegistry } from '../adapters/cassandra/registry.ts';
import { readCredentials } from '../adapters/secrets.ts';
import { platformNames } from '../core/model/names.ts';
import { keyspaces } from '../core/model/tenant.ts';
import type { Ledger, LedgerReader, Registry } from '../core/ports.ts';
import { clientOptions } from '../local/deploy.ts';
import { loadSettings, type Settings } from '../local/settings.ts';
import { requireStack } from '../local/stack.ts';
import { CliError } from './errors.ts';

export type ReadLedger = LedgerReader & Pick<Ledger, 'find'>;
export type ReadRegistry = Pick<Registry, 'read' | 'list'>;

/** What the operator's commands read: every tenant's ledger and rows, and nothing that can be changed. Objects and queues are AWS's. */
export interface OperatorWorld {
  readonly cassandra: Client;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  ledger(tenant: string): ReadLedger;
  registry(tenant: string): ReadRegistry;
  close(): Promise<void>;
}

/** Logs in as the operator's read-only role; it exists once the platform is deployed. */
export async function openWorld(settings: Settings): Promise<OperatorWorld> {
  await requireStack(settings);
  const secrets = new SecretsManagerClient(clientOptions(settings));
  try {
    await secrets.send(new GetSecretValueCommand({ SecretId: platformNames.operatorSecret }));
    const address = { contactPoints: ['127.0.0.1'], port: settings.cassandraPort, datacenter: 'datacenter1' };
    const cassandra = connect(address, await readCredentials(secrets, platformNames.operatorSecret));
    await cassandra.connect();
    const clock = { now: () => new Date() };
    const s3 = new S3Client(clientOptions(settings));
    const sqs = new SQSClient(clientOptions(settings));
    return {
      cassandra,
      s3,
      sqs,
      ledger: (tenant) => cassandraLedger(cassandra, keyspaces(tenant).ops, clock),
      registry: (tenant) => cassandraRegistry(cassandra, keyspaces(tenant).ops),
      close: async () => {
        s3.destroy();
        sqs.destroy();
        await cassandra.shutdown();
      },
    };
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    throw new CliError('SLU-1007', 'the platform is not deployed on the local stack', { next: 'sluice deploy' });
  } finally {
    secrets.destroy();
  }
}

/** Opens the world for as long as the work takes. */
export async function inWorld<T>(work: (world: OperatorWorld) => Promise<T>): Promise<T> {
  const world = await openWorld(loadSettings());
  try {
    return await work(world);
  } finally {
    await world.close();
  }
}
