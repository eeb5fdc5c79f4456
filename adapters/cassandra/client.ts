import { auth, Client, policies, types } from 'cassandra-driver';

export interface CassandraAddress {
  readonly contactPoints: readonly string[];
  readonly port: number;
  readonly datacenter: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * A driver's client. It does not try anything again by itself: whether a statement may be repeated is known where it is
 * written, not where it fails. `undefined` leaves a cell as it is, null deletes it.
 */
export const connect = (address: CassandraAddress, { username, password }: Credentials): Client =>
  new Client({
    contactPoints: address.contactPoints.map((host) => `${host}:${address.port}`),
    localDataCenter: address.datacenter,
    authProvider: new auth.PlainTextAuthProvider(username, password),
    queryOptions: {
      prepare: true,
      consistency: types.consistencies.localQuorum,
      serialConsistency: types.consistencies.localSerial,
    },
    encoding: { useBigIntAsLong: true, useBigIntAsVarint: true, useUndefinedAsUnset: true },
    policies: { retry: new policies.retry.FallthroughRetryPolicy() },
    socketOptions: { readTimeout: 12_000, connectTimeout: 5000 },
  });
