import { environment } from './environment.ts';

/**
 * Outputs of the platform's stack by which the operator's commands find the deployment. These hold what functions have in their environment;
 * one that the target has no use for is absent.
 */
export const deploymentOutputs = {
  Target: environment.target,
  CassandraContactPoints: environment.contactPoints,
  CassandraPort: environment.port,
  CassandraDatacenter: environment.datacenter,
} as const;

/** The output with what bucket names end in; absent where they end in nothing. */
export const bucketSuffixOutput = 'BucketSuffix';
