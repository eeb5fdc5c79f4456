import type { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, type LifecycleRule, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Aws, Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { dataRemoval } from './removal.ts';
import type { Target } from './target.ts';

/** Days that a staged or rejected object stays: long enough to find out what was wrong with it and to send it again. */
const KEEP_DAYS = 90;

/** What a tenant's buckets hold only for a time: all of staging; of the other all but the keys of runs, which a later version needs. */
export const passages = { staging: [''], rejects: ['rejects/', 'receipts/', 'aws/', 'work/'] } as const;

/** Bucket names are global on AWS. */
export const bucketSuffix = (target: Target): string =>
  target.kind === 'local' ? '' : `-${Aws.ACCOUNT_ID}-${Aws.REGION}`;

export interface TenantBucketProps {
  readonly name: string;
  readonly key: Key;
  readonly target: Target;
  /** Prefixes of the objects that expire. */
  readonly passing: readonly string[];
}

/** A bucket of a tenant: its own key, its own versions, TLS only, never public. It is a passage, so objects expire. */
export function tenantBucket(scope: Construct, id: string, { name, key, target, passing }: TenantBucketProps): Bucket {
  const bucket = new Bucket(scope, id, {
    bucketName: name,
    versioned: true,
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: passageFor(passing),
    removalPolicy: dataRemoval(target),
  });
  acknowledge(
    bucket,
    'AwsSolutions-S1',
    'S3 cannot deliver access logs into a bucket under a KMS key; CloudTrail data events record access (docs/aws.md)',
  );
  return bucket;
}

/** Versions that are no longer current and uploads that were given up go; objects under the prefixes expire. */
const passageFor = (prefixes: readonly string[]): LifecycleRule[] => [
  {
    id: 'tidy',
    noncurrentVersionExpiration: Duration.days(30),
    abortIncompleteMultipartUploadAfter: Duration.days(7),
  },
  ...prefixes.map((prefix) => ({
    id: `passage-${prefix.replace('/', '') || 'all'}`,
    ...(prefix && { prefix }),
    expiration: Duration.days(KEEP_DAYS),
  })),
];
