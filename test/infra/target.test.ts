import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseTarget } from '../../infra/target.ts';
import { contexts } from './synth.ts';

const messageOf = (context: Record<string, unknown>): string => {
  try {
    parseTarget(context);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
};

const folder = mkdtempSync(join(tmpdir(), 'sluice-ca-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const file = (content: string): string => {
  files += 1;
  const path = join(folder, `${files}.pem`);
  writeFileSync(path, content);
  return path;
};

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';

describe('the target', () => {
  it('is Keyspaces when nothing is said, because plain `cdk deploy` goes to AWS', () => {
    expect(parseTarget({})).toEqual({ kind: 'keyspaces' });
  });

  it('finds the local Cassandra where it usually is', () => {
    expect(parseTarget({ target: 'local' })).toEqual({
      kind: 'local',
      contactPoints: ['127.0.0.1'],
      port: 9042,
      datacenter: 'datacenter1',
      keyspacesGuard: false,
    });
  });

  it('takes the local Cassandra’s address from the command line, where every value is text', () => {
    expect(parseTarget({ target: 'local', cassandraContactPoint: 'cassandra', cassandraPort: '9142' })).toMatchObject({
      contactPoints: ['cassandra'],
      port: 9142,
    });
  });

  it('leaves the settings of another target alone', () => {
    expect(parseTarget({ ...contexts.cassandra, target: 'local' })).toMatchObject({ contactPoints: ['127.0.0.1'] });
  });

  it('reads everything about a cluster on AWS', () => {
    const context = { ...contexts.cassandra, cassandraPort: 9142, cassandraCaFile: file(`${pem}\n`) };
    expect(parseTarget(context)).toEqual({
      kind: 'cassandra',
      contactPoints: ['db1.example.org', 'db2.example.org'],
      port: 9142,
      datacenter: 'dc1',
      keyspacesGuard: false,
      adminSecret: 'cassandra/admin',
      certificateAuthority: pem,
      network: {
        subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
        securityGroupIds: ['sg-0123456789abcdef0'],
      },
    });
  });

  it('names every mistake at once', () => {
    const message = messageOf({
      target: 'cassandra',
      cassandraPort: 'ninety',
      cassandraDatacentre: 'dc1',
      subnetIds: 'subnet-0123456789abcdef0',
      alarmTopic: 'alarms',
    });
    expect(message.split('\n  ')).toEqual([
      'the context of the CDK app is wrong',
      'cassandraDatacentre: no such setting; did you mean cassandraDatacenter?',
      'cassandraContactPoints: missing; expected host names or addresses, separated by commas: -c cassandraContactPoints=…',
      'cassandraPort: "ninety" is not a port from 1 to 65535',
      'cassandraDatacenter: missing; expected the data centre next to the functions, as Cassandra names it: -c cassandraDatacenter=…',
      'cassandraAdminSecret: missing; expected name or ARN of the secret of a role that may do DDL: -c cassandraAdminSecret=…',
      'alarmTopic: "alarms" is not the ARN of an SNS topic',
      'securityGroupIds: missing; it comes together with subnetIds',
    ]);
  });

  it.each([
    ['1', true],
    ['0', false],
  ])('guards against what Keyspaces would refuse when told so: %s', (keyspacesGuard, guarded) => {
    expect(parseTarget({ target: 'local', keyspacesGuard })).toMatchObject({ keyspacesGuard: guarded });
    expect(messageOf({ target: 'local', keyspacesGuard: 'yes' })).toContain('keyspacesGuard: "yes" is not 0 or 1');
  });

  it.each([
    ['keyspace', 'did you mean keyspaces?'],
    ['Local', 'did you mean local?'],
    ['', 'is none of local, cassandra, keyspaces'],
  ])('says which targets there are when it does not know %j', (target, hint) => {
    expect(messageOf({ target })).toContain(hint);
  });

  it.each([['0'], ['65536'], ['90.5'], ['']])('refuses the port %j', (cassandraPort) => {
    expect(messageOf({ target: 'local', cassandraPort })).toContain('is not a port from 1 to 65535');
  });

  it.each([
    ['/nowhere/ca.pem', 'a file that can be read (ENOENT)'],
    [file('hello'), 'a file with a PEM certificate'],
    [file(`${pem}\n${'x'.repeat(3000)}`), 'a file of at most 3000 characters'],
  ])('refuses the certificate authority %s', (cassandraCaFile, reason) => {
    expect(messageOf({ ...contexts.cassandra, cassandraCaFile })).toContain(reason);
  });

  it.each([
    ['arn:aws:secretsmanager:eu-west-1:111111111111:secret:cassandra/admin', false],
    ['arn:aws:secretsmanager:eu-west-1:111111111111:secret:cassandra/admin-AbC123', true],
  ])('takes a secret by its whole ARN only: %s', (cassandraAdminSecret, whole) => {
    const context = { ...contexts.cassandra, cassandraAdminSecret };
    if (whole) expect(parseTarget(context)).toMatchObject({ adminSecret: cassandraAdminSecret });
    else expect(messageOf(context)).toContain('the ARN with its last six characters');
  });
});
