import type { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnOutput, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { tenantFunctions } from '../core/model/bundle.ts';
import { environment } from '../core/model/environment.ts';
import { ledgerTables } from '../core/model/ledger-tables.ts';
import { namesOf } from '../core/model/names.ts';
import type { Table } from '../core/model/table.ts';
import { keyspaces, type Tenant } from '../core/model/tenant.ts';
import { acknowledge, wildcard } from './acknowledge.ts';
import { addAlarms } from './alarms.ts';
import { asFinding, databaseEnvironment, systemKeyspaces, tableAccess } from './database.ts';
import { allow } from './function.ts';
import { KeyspaceTables } from './keyspaces-tables.ts';
import { ObjectIngest } from './object-ingest.ts';
import { rotationReason, schemaRoleArn } from './platform-stack.ts';
import { appliedSchema } from './schema-provider.ts';
import type { Sources } from './sources.ts';
import { StreamIngest } from './stream-ingest.ts';
import type { Target } from './target.ts';
import { bucketSuffix, passages, tenantBucket } from './tenant-bucket.ts';
import { tenantKey } from './tenant-key.ts';
import type { TenantParts } from './tenant-parts.ts';
import { Tick } from './tick.ts';

export interface TenantStackProps {
  readonly tenant: Tenant;
  readonly target: Target;
  readonly sources: Sources;
}

/** Everything that one tenant has; nothing in it refers to another tenant. */
export class TenantStack extends Stack {
  constructor(scope: Construct, { tenant, target, sources }: TenantStackProps) {
    const names = namesOf(tenant.id, bucketSuffix(target));
    super(scope, names.stack, { description: `Sluice: tenant ${tenant.id}` });
    Tags.of(this).add('sluice:tenant', tenant.id);

    const tables = tablesOf(tenant);
    const onKeyspaces = target.kind === 'keyspaces';
    const key = tenantKey(this, tenant.id, target, onKeyspaces ? undefined : schemaRoleArn);
    const secret = onKeyspaces ? undefined : cassandraRole(this, tenant.id, names.secret, key);
    const parts: TenantParts = {
      tenantId: tenant.id,
      names,
      target,
      key,
      staging: tenantBucket(this, 'Staging', { name: names.staging, key, target, passing: passages.staging }),
      rejects: tenantBucket(this, 'Rejects', { name: names.rejects, key, target, passing: passages.rejects }),
      function: { target, sources },
      functions: tenantFunctions(tenant.id),
      environment: {
        [environment.tenant]: tenant.id,
        ...databaseEnvironment(target),
        ...(secret && { [environment.secret]: names.secret }),
      },
      allow: secret ? [allow(['secretsmanager:GetSecretValue'], secret.secretArn)] : tableAccess(tables),
    };
    const objects = new ObjectIngest(this, 'Objects', parts);
    const messages = new StreamIngest(this, 'Messages', parts, tenant.stream);
    const tick = new Tick(this, 'Tick', parts, objects, messages);
    const functions = [objects.function, messages.function, tick.function];

    if (target.kind === 'keyspaces') {
      const made = Object.entries(tables).map(
        ([keyspace, all], index) =>
          new KeyspaceTables(this, index === 0 ? 'Data' : 'Ledger', { keyspace, tables: all, key, target }),
      );
      for (const { role, handler } of functions) {
        handler.node.addDependency(...made);
        wildcard(role, asFinding(systemKeyspaces), 'a driver reads Keyspaces’ system tables to find its way');
      }
    } else if (target.kind === 'cassandra' && secret) {
      const schema = appliedSchema(this, tenant.id, Object.values(tables).flat());
      schema.node.addDependency(secret, key);
      for (const { handler } of functions) handler.node.addDependency(schema);
    }
    if (target.kind !== 'local') addAlarms(this, tenant.id, { objects, messages, tick }, target.alarmTopic);

    const outputs = {
      StagingBucket: parts.staging.bucketName,
      RejectsBucket: parts.rejects.bucketName,
      QueueUrl: objects.queue.queueUrl,
      DeadLettersUrl: objects.deadLetters.queueUrl,
      StreamName: messages.stream.streamName,
      IngestObject: objects.function.handler.functionName,
      IngestStream: messages.function.handler.functionName,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}

/** The tenant's keyspaces with their tables; two feeds may share one. */
function tablesOf({ id, feeds }: Tenant): Record<string, readonly Table[]> {
  const data = new Map(feeds.map(({ table }) => [table.name, table as Table]));
  return { [keyspaces(id).data]: [...data.values()], [keyspaces(id).ops]: ledgerTables };
}

function cassandraRole(scope: Construct, tenantId: string, secretName: string, encryptionKey: Key): Secret {
  const secret = new Secret(scope, 'CassandraRole', {
    secretName,
    description: `Cassandra role of tenant ${tenantId}: its own two keyspaces and nothing else`,
    encryptionKey,
    generateSecretString: {
      secretStringTemplate: JSON.stringify({ username: tenantId }),
      generateStringKey: 'password',
      excludePunctuation: true,
      passwordLength: 32,
    },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  acknowledge(secret, 'AwsSolutions-SMG4', rotationReason);
  return secret;
}
