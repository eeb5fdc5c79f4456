import type { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, type LifecycleRule, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { dataRemoval } from './removal.ts';
import type { Target } from './target.ts';

/** Days that a staged or rejected object stays: long enough to find out what was wrong with it and to send it again. */
const KEEP_DAYS = 90;

/** A bucket of a tenant: its own key, its own versions, TLS only, never public. It is a passage, so objects expire. */
export function tenantBucket(scope: Construct, id: string, name: string, key: Key, target: Target): Bucket {
  const bucket = new Bucket(scope, id, {
    bucketName: name,
    versioned: true,
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [passage],
    removalPolicy: dataRemoval(target),
  });
  acknowledge(
    bucket,
    'AwsSolutions-S1',
    'S3 cannot deliver access logs into a bucket under a KMS key; CloudTrail data events record access (docs/aws.md)',
  );
  return bucket;
}

const passage: LifecycleRule = {
  id: 'passage',
  expiration: Duration.days(KEEP_DAYS),
  noncurrentVersionExpiration: Duration.days(30),
  abortIncompleteMultipartUploadAfter: Duration.days(7),
};
