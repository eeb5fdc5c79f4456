/**
 * Names of the environment variables that the CDK app sets and the functions read, in one place for both.
 * A variable that a target or a function has no use for is absent, never empty.
 */
export const environment = Object.freeze({
  tenant: 'SLUICE_TENANT',
  /** `local`, `cassandra` or `keyspaces`. */
  target: 'SLUICE_TARGET',
  /** Host names or addresses, separated by commas. */
  contactPoints: 'SLUICE_CASSANDRA_CONTACT_POINTS',
  port: 'SLUICE_CASSANDRA_PORT',
  datacenter: 'SLUICE_CASSANDRA_DATACENTER',
  /** Name or ARN of the secret with the function's own role, `{"username", "password"}`; absent on Keyspaces. */
  secret: 'SLUICE_CASSANDRA_SECRET',
  /** Certificate authority as PEM text; without it the ones that Node knows count. */
  certificateAuthority: 'SLUICE_CASSANDRA_CA',
  /** `1`: what Amazon Keyspaces would refuse is refused on Cassandra too (docs/keyspaces.md). */
  keyspacesGuard: 'SLUICE_KEYSPACES_GUARD',
  stagingBucket: 'SLUICE_STAGING_BUCKET',
  rejectsBucket: 'SLUICE_REJECTS_BUCKET',
  queueUrl: 'SLUICE_QUEUE_URL',
  /** Figures of core/model/large-files.ts; each is absent where the default counts. */
  fromBytes: 'SLUICE_LARGE_FILES_FROM_BYTES',
  partBytes: 'SLUICE_PART_BYTES',
  sliceSeconds: 'SLUICE_SLICE_SECONDS',
  stream: 'SLUICE_STREAM',
  /** Of `tick`: id of the event source mapping that reads the stream. */
  mapping: 'SLUICE_MAPPING',
  /** Of `apply-schema`: secret of the role that may do DDL. */
  adminSecret: 'SLUICE_ADMIN_SECRET',
  /** Of `apply-schema`: secret of the role that reads every tenant, for reports. */
  operatorSecret: 'SLUICE_OPERATOR_SECRET',
});
