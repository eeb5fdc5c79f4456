import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Client } from 'cassandra-driver';
import { connect } from '../adapters/cassandra/client.ts';
import { cassandraLedger } from '../adapters/cassandra/ledger.ts';
import { readCredentials } from '../adapters/secrets.ts';
import { platformNames } from '../core/model/names.ts';
import { keyspaces } from '../core/model/tenant.ts';
import type { LedgerReader } from '../core/ports.ts';
import { clientOptions } from '../local/deploy.ts';
import type { Settings } from '../local/settings.ts';
import { requireStack } from '../local/stack.ts';
import { CliError } from './errors.ts';

/** What the operator's commands read: every tenant's ledger and rows, and nothing that can be changed. */
export interface OperatorWorld {
  readonly cassandra: Client;
  ledger(tenant: string): LedgerReader;
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
    return {
      cassandra,
      ledger: (tenant) => cassandraLedger(cassandra, keyspaces(tenant).ops, clock),
      close: () => cassandra.shutdown(),
    };
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    throw new CliError('SLU-1007', 'the platform is not deployed on the local stack', { next: 'sluice deploy' });
  } finally {
    secrets.destroy();
  }
}
