import { ArnPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Aws, Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { dataRemoval } from './removal.ts';
import type { Target } from './target.ts';

/**
 * The tenant's own key, for all that it stores: objects, messages and its database password. The account's policies decide
 * who uses it; the key itself admits only the two that no role of the tenant can stand in for.
 */
export function tenantKey(scope: Construct, tenantId: string, target: Target, schemaRole: string | undefined): Key {
  const key = new Key(scope, 'Key', {
    alias: `alias/sluice-${tenantId}`,
    description: `Everything that tenant ${tenantId} stores`,
    enableKeyRotation: true,
    removalPolicy: dataRemoval(target),
    ...(target.kind === 'local' && { pendingWindow: Duration.days(7) }),
  });
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'StorageNotifiesTheEncryptedQueue',
      principals: [new ServicePrincipal('s3.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  );
  if (schemaRole) key.addToResourcePolicy(schemaReadsThePassword(tenantId, schemaRole));
  return key;
}

/** Here and not in the role: the role stands in another stack, which is there before this key. */
const schemaReadsThePassword = (tenantId: string, schemaRole: string): PolicyStatement =>
  new PolicyStatement({
    sid: 'ApplySchemaReadsThePassword',
    principals: [new ArnPrincipal(schemaRole)],
    actions: ['kms:Decrypt'],
    resources: ['*'],
    conditions: {
      StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com` },
      StringLike: { 'kms:EncryptionContext:SecretARN': secretArn(`sluice/${tenantId}/cassandra`) },
    },
  });

/** A secret's ARN by its name: Secrets Manager adds a hyphen and six characters. */
export const secretArn = (name: string): string =>
  `arn:${Aws.PARTITION}:secretsmanager:${Aws.REGION}:${Aws.ACCOUNT_ID}:secret:${name}-??????`;
