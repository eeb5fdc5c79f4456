import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canLogin, connect } from '../../adapters/cassandra/client.ts';
import { databaseOf } from '../../adapters/cassandra/config.ts';
import { messageOf } from '../../adapters/cassandra/errors.ts';
import { environment } from '../../core/model/environment.ts';
import { TransientError } from '../../core/model/errors.ts';
import { localCassandraLogin } from '../../local/cassandra.ts';
import { startTlsCassandra, type TlsCassandra } from '../support/tls-cassandra.ts';

/** TLS to a real Cassandra whose certificate is good for `localhost`, and signed by an authority of the test's own. */

let server: TlsCassandra;

beforeAll(async () => {
  server = await startTlsCassandra((started) =>
    versionFrom('localhost', started.authority, started).then(
      () => true,
      () => false,
    ),
  );
});
afterAll(() => server?.stop());

/** The database as a function on the target `cassandra` finds it in its environment. */
const addressOf = (contactPoints: string, authority: string | undefined, { port }: TlsCassandra) =>
  databaseOf({
    [environment.target]: 'cassandra',
    [environment.contactPoints]: contactPoints,
    [environment.port]: String(port),
    [environment.datacenter]: 'datacenter1',
    ...(authority && { [environment.certificateAuthority]: authority }),
  }).address;

async function ask(address: Parameters<typeof connect>[0]): Promise<string> {
  const client = connect(address, localCassandraLogin);
  try {
    const { rows } = await client.execute('SELECT release_version FROM system.local');
    return String(rows[0]?.get('release_version'));
  } catch (error) {
    throw new Error(messageOf(error), { cause: error });
  } finally {
    await client.shutdown();
  }
}

const versionFrom = (contactPoints: string, authority: string | undefined, started = server) =>
  ask(addressOf(contactPoints, authority, started));

describe('a Cassandra with TLS', () => {
  test('is reached by its name, trusting its authority', async () => {
    expect(await versionFrom('localhost', server.authority)).toMatch(/^5\./);
  });

  test('is reached by any of several contact points, when its certificate is good for one of them', async () => {
    expect(await versionFrom('127.0.0.1,localhost', server.authority)).toMatch(/^5\./);
  });

  test('is refused when another authority is trusted, though it has the same name', async () => {
    await expect(versionFrom('localhost', server.otherAuthority)).rejects.toThrow(/certificate/);
  });

  test('is refused when only the authorities that Node knows are trusted', async () => {
    await expect(versionFrom('localhost', undefined)).rejects.toThrow(/unable to verify the first certificate/);
  });

  test('is refused under a name that its certificate is not good for', async () => {
    await expect(versionFrom('127.0.0.1', server.authority)).rejects.toThrow(/does not match certificate/);
  });

  test('takes no plain text', async () => {
    const { tls: _, ...plain } = addressOf('localhost', server.authority, server);
    await expect(ask(plain)).rejects.toThrow(/ECONNRESET|EPIPE|closed/);
  });

  test('tells a wrong password from a server that is not trusted', async () => {
    const stranger = { username: 'nobody', password: 'nothing' };
    expect(await canLogin(addressOf('localhost', server.authority, server), stranger)).toBe(false);
    const mistrusted = canLogin(addressOf('localhost', server.otherAuthority, server), stranger);
    await expect(mistrusted).rejects.toThrow(TransientError);
  });
});
