import { type ClientOptions, errors, types } from 'cassandra-driver';
import { describe, expect, test } from 'vitest';
import { connect, keyspacesDialect } from '../../adapters/cassandra/client.ts';
import { databaseOf } from '../../adapters/cassandra/config.ts';
import { isPassing, isUnknownOutcome, worldError } from '../../adapters/cassandra/errors.ts';
import { openDatabase } from '../../adapters/cassandra/open.ts';
import { environment } from '../../core/model/environment.ts';
import { FatalError, TransientError } from '../../core/model/errors.ts';

const { serial, localSerial, localQuorum } = types.consistencies;
const common = {
  [environment.contactPoints]: 'db1.example.org,db2.example.org',
  [environment.port]: '9042',
  [environment.datacenter]: 'dc1',
};
const local = { ...common, [environment.target]: 'local' };
const cassandra = { ...common, [environment.target]: 'cassandra' };
const keyspaces = {
  [environment.target]: 'keyspaces',
  [environment.contactPoints]: 'cassandra.eu-west-1.amazonaws.com',
  [environment.port]: '9142',
  [environment.datacenter]: 'eu-west-1',
};

/** What the driver is given: the options of a client that never connects. */
const optionsOf = (env: Record<string, string>) => {
  const { address, dialect } = databaseOf(env);
  const client: unknown = connect(address, { username: 'u', password: 'p' }, dialect);
  return (client as { options: ClientOptions }).options;
};

describe('the three targets', () => {
  test('only the local one speaks plain text', () => {
    expect(optionsOf(local).sslOptions).toBeUndefined();
    for (const env of [cassandra, keyspaces]) {
      expect(optionsOf(env).sslOptions).toMatchObject({ rejectUnauthorized: true, minVersion: 'TLSv1.2' });
    }
  });

  test('Cassandra’s authority comes from the environment, and nothing turns the verification off', () => {
    const pem = '-----BEGIN CERTIFICATE-----';
    expect(optionsOf({ ...cassandra, [environment.certificateAuthority]: pem }).sslOptions).toMatchObject({ ca: pem });
    expect(optionsOf(cassandra).sslOptions).not.toHaveProperty('ca');
    expect(() => databaseOf({ ...keyspaces, [environment.certificateAuthority]: pem })).toThrow(
      /only the target cassandra/,
    );
  });

  test('the name to check is the first contact point that is a name', () => {
    expect(optionsOf(keyspaces).sslOptions?.servername).toBe('cassandra.eu-west-1.amazonaws.com');
    const mixed = { ...cassandra, [environment.contactPoints]: '10.0.0.1,db2.example.org' };
    expect(optionsOf(mixed).sslOptions?.servername).toBe('db2.example.org');
    const numbers = { ...cassandra, [environment.contactPoints]: '10.0.0.1' };
    expect(optionsOf(numbers).sslOptions).not.toHaveProperty('servername');
  });

  test('peers are reached on the port of the contact points, of which nothing tells the driver but we', () => {
    expect(optionsOf(keyspaces).protocolOptions?.port).toBe(9142);
  });

  test('reads and writes are at LOCAL_QUORUM, and Keyspaces is asked for nothing serial', () => {
    for (const env of [local, cassandra, keyspaces]) {
      expect(optionsOf(env).queryOptions?.consistency).toBe(localQuorum);
    }
    expect(databaseOf(cassandra).dialect.serialRead).toBe(localSerial);
    expect(optionsOf(cassandra).queryOptions?.serialConsistency).toBe(localSerial);
    expect(databaseOf(keyspaces).dialect).toBe(keyspacesDialect);
    expect(keyspacesDialect.serialRead).toBe(localQuorum);
    expect([serial, localSerial]).not.toContain(optionsOf(keyspaces).queryOptions?.serialConsistency);
  });

  test('write times are held within Keyspaces’ two days on Keyspaces and behind its guard only', () => {
    const reach = 47 * 3_600_000;
    expect(databaseOf(keyspaces)).toMatchObject({ guarded: false, writeTimeReach: reach });
    expect(databaseOf({ ...local, [environment.keyspacesGuard]: '1' })).toMatchObject({
      guarded: true,
      writeTimeReach: reach,
    });
    for (const env of [local, cassandra]) {
      expect(databaseOf(env).guarded).toBe(false);
      expect(databaseOf(env)).not.toHaveProperty('writeTimeReach');
    }
  });

  test('all mistakes of an environment are named at once', () => {
    const broken = { [environment.target]: 'keyspace', [environment.port]: '0', [environment.keyspacesGuard]: 'yes' };
    expect(() => databaseOf(broken)).toThrow(FatalError);
    for (const name of ['TARGET', 'CONTACT_POINTS', 'PORT', 'DATACENTER', 'GUARD']) {
      expect(() => databaseOf(broken)).toThrow(new RegExp(name));
    }
  });
});

describe('a client as the functions open it', () => {
  const asked: string[] = [];
  const login = {
    role: async () => {
      asked.push('role');
      return { username: 'u', password: 'p' };
    },
    aws: async () => expect.fail('nothing has connected yet'),
  };
  const open = (env: Record<string, string>) => openDatabase(databaseOf(env), login, {}, { now: () => new Date() });

  test('has the guard before it when the environment says so', async () => {
    const guarded = await open({ ...local, [environment.keyspacesGuard]: '1' });
    await expect(guarded.execute('TRUNCATE t')).rejects.toThrow(/would refuse this statement/);
    await guarded.shutdown();
  });

  test('asks for a role on Cassandra and for none on Keyspaces', async () => {
    asked.length = 0;
    await (await open(keyspaces)).shutdown();
    expect(asked).toEqual([]);
    await (await open(cassandra)).shutdown();
    expect(asked).toEqual(['role']);
  });
});

describe('failures that pass', () => {
  const response = (code: number) => new errors.ResponseError(code, 'of the server');
  const codes = types.responseErrorCodes;
  const broken = Object.assign(new Error('Socket was closed'), { isSocketError: true });
  const passing = {
    'a write timeout, which is how Keyspaces throttles': response(codes.writeTimeout),
    'a read timeout, which is how Keyspaces throttles': response(codes.readTimeout),
    'an overloaded server': response(codes.overloaded),
    'a server that cannot reach enough copies': response(codes.unavailableException),
    'a connection that breaks in the middle': broken,
    'no answer': new errors.OperationTimedOutError('no answer'),
  };
  test.each(Object.entries(passing))('%s', (_, error) => {
    expect(isPassing(error)).toBe(true);
    expect(worldError(error, 'writing')).toBeInstanceOf(TransientError);
  });

  test('what the server calls invalid does not pass', () => {
    expect(isPassing(response(codes.invalid))).toBe(false);
    expect(worldError(response(codes.invalid), 'writing')).toBeInstanceOf(FatalError);
  });

  test('after a lost answer nobody knows the outcome of a conditional write', () => {
    for (const error of [broken, response(codes.writeTimeout), new errors.OperationTimedOutError('no answer')]) {
      expect(isUnknownOutcome(error)).toBe(true);
    }
    expect(isUnknownOutcome(response(codes.overloaded))).toBe(false);
  });
});
