import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from 'node:tls';
import { auth, Client, errors, policies, types } from 'cassandra-driver';
import { worldError } from './errors.ts';

export interface CassandraAddress {
  readonly contactPoints: readonly string[];
  readonly port: number;
  readonly datacenter: string;
  /** Absent: plain text, for a database on the same machine. */
  readonly tls?: Tls;
}

export interface Tls {
  /** PEM text of the only authority to trust; without it the ones that Node knows, Amazon's roots among them. */
  readonly certificateAuthority?: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What Cassandra and Keyspaces understand differently. */
export interface Dialect {
  /** Consistency of a read that must see the outcome of every conditional write before it. */
  readonly serialRead: types.consistencies;
  /** Consistency of a conditional write's first phase; absent where there is nothing to choose. */
  readonly serialWrite?: types.consistencies;
  /** Whether rows of several partitions gain by going in one request, when the same nodes have them. */
  readonly sharedBatches: boolean;
}

/**
 * The serial levels of the functions' own data centre, which alone has copies (`replicationOf`): copies elsewhere, added later, neither slow
 * the ledger down nor stop it.
 */
export const cassandraDialect: Dialect = {
  serialRead: types.consistencies.localSerial,
  serialWrite: types.consistencies.localSerial,
  sharedBatches: true,
};

/**
 * Keyspaces refuses both serial levels; a LOCAL_QUORUM read sees every write before it (its developer guide, "Consistency levels"). Which nodes have a
 * partition it does not tell.
 */
export const keyspacesDialect: Dialect = { serialRead: types.consistencies.localQuorum, sharedBatches: false };

/**
 * A driver's client. It does not try anything again by itself: whether a statement may be repeated is known where it is
 * written, not where it fails. `undefined` leaves a cell as it is, null deletes it.
 */
export const connect = (
  address: CassandraAddress,
  login: Credentials | auth.AuthProvider,
  { serialWrite }: Dialect = cassandraDialect,
): Client =>
  new Client({
    contactPoints: address.contactPoints.map((host) => `${host}:${address.port}`),
    localDataCenter: address.datacenter,
    authProvider: 'newAuthenticator' in login ? login : new auth.PlainTextAuthProvider(login.username, login.password),
    ...(address.tls && { sslOptions: verified(address.contactPoints, address.tls) }),
    // The port is for the peers, of which the driver learns addresses only. Version 4 is spoken by Cassandra since 2.2 and by Keyspaces; to
    // find that out costs a connection for each newer version.
    protocolOptions: { port: address.port, maxVersion: types.protocolVersion.v4 },
    queryOptions: {
      prepare: true,
      consistency: types.consistencies.localQuorum,
      ...(serialWrite && { serialConsistency: serialWrite }),
    },
    // Keys of a map are of any type.
    encoding: { useUndefinedAsUnset: true, map: Map },
    policies: {
      retry: new policies.retry.FallthroughRetryPolicy(),
      // The driver's own pauses grow to ten minutes: a database that is back would not be found within an invocation.
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(2000),
      // Rows carry their write time in the statement, and conditional writes take none from us.
      timestampGeneration: null as unknown as policies.timestampGeneration.TimestampGenerator,
    },
    socketOptions: { readTimeout: 12_000, connectTimeout: 5000 },
  });

/**
 * TLS that verifies, which the driver by itself does not. It connects to addresses, those of peers that it hears of included, so the name
 * to check comes from the contact points: a server's certificate must be good for one of them or, where all are addresses, for its own.
 */
function verified(contactPoints: readonly string[], { certificateAuthority }: Tls): ConnectionOptions {
  const name = contactPoints.find((host) => isIP(host) === 0);
  return {
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    checkServerIdentity: (host: string, certificate: PeerCertificate) =>
      [host, ...contactPoints].some((one) => !checkServerIdentity(one, certificate))
        ? undefined
        : checkServerIdentity(host, certificate),
    ...(name && { servername: name }),
    ...(certificateAuthority && { ca: certificateAuthority }),
  };
}

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
