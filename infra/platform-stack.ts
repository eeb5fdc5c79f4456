import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Aws, CfnOutput, Duration, RemovalPolicy, SecretValue, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { applySchema as deployed } from '../core/model/bundle.ts';
import { bucketSuffixOutput, deploymentOutputs } from '../core/model/deployment.ts';
import { environment } from '../core/model/environment.ts';
import { namesOf, platformNames } from '../core/model/names.ts';
import { keyspaces } from '../core/model/tenant.ts';
import { acknowledge, wildcard } from './acknowledge.ts';
import { asFinding, databaseEnvironment, keyspaceArn, systemKeyspaces } from './database.ts';
import { allow, SluiceFunction } from './function.ts';
import { SchemaProvider } from './schema-provider.ts';
import type { Sources } from './sources.ts';
import type { CassandraTarget, KeyspacesTarget, LocalTarget, Target } from './target.ts';
import { bucketSuffix } from './tenant-bucket.ts';
import { secretArn } from './tenant-key.ts';

export interface PlatformStackProps {
  readonly target: Target;
  readonly sources: Sources;
  readonly tenantIds: readonly string[];
}

/** The role of `apply-schema`, by a name that the tenants' keys can admit; roles are global, hence the region. */
const schemaRoleName = `${platformNames.applySchema}-${Aws.REGION}`;
export const schemaRoleArn = `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${schemaRoleName}`;

/** What all tenants share: who makes their schema, and who reads across them. */
export class PlatformStack extends Stack {
  constructor(scope: Construct, { target, sources, tenantIds }: PlatformStackProps) {
    super(scope, platformNames.stack, { description: 'Sluice: schema and operator access' });
    deploymentFor(this, target);
    if (target.kind === 'keyspaces') {
      operatorPolicy(this, target, tenantIds);
      return;
    }
    const admin = target.kind === 'local' ? developmentAdmin(this, target) : importedAdmin(this, target);
    const operator = new Secret(this, 'Operator', {
      secretName: platformNames.operatorSecret,
      description: 'Cassandra role that reads the ledger and the data of every tenant',
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: 'sluice_operator' }),
        generateStringKey: 'password',
        excludePunctuation: true,
        passwordLength: 32,
      },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(operator, 'AwsSolutions-SMG4', rotationReason);

    const applySchema = new SluiceFunction(this, 'ApplySchema', {
      target,
      sources,
      deployed,
      description: 'Creates keyspaces, tables and roles; the only one that may',
      roleName: schemaRoleName,
      timeout: Duration.minutes(10),
      memoryMiB: 512,
      environment: {
        ...databaseEnvironment(target),
        [environment.adminSecret]: admin.secretName,
        [environment.operatorSecret]: platformNames.operatorSecret,
      },
      allow: [
        allow(
          ['secretsmanager:GetSecretValue'],
          admin.secretFullArn ?? `${admin.secretArn}-??????`,
          operator.secretArn,
          ...tenantIds.map((id) => secretArn(namesOf(id).secret)),
        ),
        ...(target.kind === 'cassandra' && target.adminSecretKey
          ? [allow(['kms:Decrypt'], target.adminSecretKey)]
          : []),
      ],
    });
    if (target.kind === 'cassandra') new SchemaProvider(this, 'SchemaProvider', applySchema);
  }
}

/** Tells the operator's commands how to reach what is deployed. */
function deploymentFor(scope: Construct, target: Target): void {
  const values = databaseEnvironment(target);
  for (const [output, name] of Object.entries(deploymentOutputs)) {
    new CfnOutput(scope, output, { value: values[name] as string });
  }
  const value = bucketSuffix(target);
  if (value !== '') new CfnOutput(scope, bucketSuffixOutput, { value });
}

export const rotationReason =
  'the password belongs to a Cassandra role, which Secrets Manager cannot rotate by itself (docs/aws.md tells how)';

/** The superuser with which Cassandra is born. It stands in the template as plain text, and only on a developer's machine. */
function developmentAdmin(scope: Construct, _: LocalTarget): Secret {
  const secret = new Secret(scope, 'Admin', {
    secretName: platformNames.adminSecret,
    secretStringValue: SecretValue.unsafePlainText(JSON.stringify({ username: 'cassandra', password: 'cassandra' })),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  acknowledge(secret, 'AwsSolutions-SMG4', 'the fixed password of a database on the developer’s own machine');
  return secret;
}

const importedAdmin = (scope: Construct, { adminSecret }: CassandraTarget): ISecret =>
  adminSecret.startsWith('arn:')
    ? Secret.fromSecretCompleteArn(scope, 'Admin', adminSecret)
    : Secret.fromSecretNameV2(scope, 'Admin', adminSecret);

/** On Keyspaces there are no database roles: the operator attaches this policy to whoever reads reports. */
function operatorPolicy(scope: Construct, _: KeyspacesTarget, tenantIds: readonly string[]): void {
  const tables = tenantIds.flatMap((id) => Object.values(keyspaces(id))).map((name) => `${keyspaceArn(name)}/table/*`);
  const policy = new ManagedPolicy(scope, 'Operator', {
    description: 'Reads the ledger and the data of every tenant of Sluice',
    statements: [allow(['cassandra:Select'], ...tables, systemKeyspaces)],
  });
  for (const arn of tables) wildcard(policy, asFinding(arn), 'the operator reads every table of a tenant, for reports');
  wildcard(policy, asFinding(systemKeyspaces), 'a driver reads Keyspaces’ system tables to find its way');
}
