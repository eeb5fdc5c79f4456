/**
 * Names of what a tenant has in AWS, in one place for the construct that makes it, the function that uses it and the
 * command that prints it. Locally they are plain; on AWS, where bucket names are global, `suffix` is `-<account>-<region>`.
 */
export const namesOf = (tenantId: string, suffix = '') => ({
  staging: `sluice-${tenantId}-staging${suffix}`,
  rejects: `sluice-${tenantId}-rejects${suffix}`,
  stream: `sluice-${tenantId}`,
  queue: `sluice-${tenantId}-objects`,
  deadLetters: `sluice-${tenantId}-dead-letters`,
  ingestObject: `sluice-${tenantId}-ingest-object`,
  ingestStream: `sluice-${tenantId}-ingest-stream`,
  /** The function that runs each minute, and the rule that invokes it. */
  tick: `sluice-${tenantId}-tick`,
  /** Source of the tenant's events on the default bus of EventBridge: its receipts. */
  events: `sluice.${tenantId}`,
  /** Secret with the tenant's Cassandra role: `{"username", "password"}`. */
  secret: `sluice/${tenantId}/cassandra`,
  stack: `sluice-${tenantId}`,
});

export const platformNames = {
  stack: 'sluice-platform',
  applySchema: 'sluice-apply-schema',
  /** Secret of the role that may do DDL and manage roles; only `apply-schema` reads it. */
  adminSecret: 'sluice/platform/cassandra-admin',
  /** Secret of the role that reads every tenant's ledger and data, for reports. */
  operatorSecret: 'sluice/platform/cassandra-operator',
} as const;
