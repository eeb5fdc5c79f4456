import { auth, Client, errors, policies, types } from 'cassandra-driver';
import { worldError } from './errors.ts';

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
    encoding: { useUndefinedAsUnset: true },
    policies: { retry: new policies.retry.FallthroughRetryPolicy() },
    socketOptions: { readTimeout: 12_000, connectTimeout: 5000 },
  });

/** Whether a role can log in with its password; a database that cannot be reached at all counts as an error. */
export async function canLogin(address: CassandraAddress, role: Credentials): Promise<boolean> {
  const client = connect(address, role);
  try {
    await client.connect();
    return true;
  } catch (error) {
    const reasons = error instanceof errors.NoHostAvailableError ? Object.values(error.innerErrors ?? {}) : [error];
    if (reasons.some((reason) => reason instanceof errors.AuthenticationError)) return false;
    throw worldError(error, `logging in as ${role.username}`);
  } finally {
    await client.shutdown();
  }
}
