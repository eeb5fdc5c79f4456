import { environment } from '../../core/model/environment.ts';
import { FatalError } from '../../core/model/errors.ts';
import { KEYSPACES_WRITE_TIME_REACH } from '../../core/model/keyspaces-limits.ts';
import { type CassandraAddress, cassandraDialect, type Dialect, keyspacesDialect } from './client.ts';

export type TargetKind = 'local' | 'cassandra' | 'keyspaces';

/** The database of a function, and how it is to be talked to. */
export interface DatabaseSettings {
  readonly target: TargetKind;
  readonly address: CassandraAddress;
  readonly dialect: Dialect;
  /** Whether what Keyspaces would refuse is refused here already. */
  readonly guarded: boolean;
  /** Milliseconds into the past that a write time may reach; absent: for ever. */
  readonly writeTimeReach?: number;
}

/**
 * Reads the database out of a function's environment, as the CDK app sets it. TLS depends on the target alone and cannot be turned off.
 * Throws one `FatalError` that names every mistake.
 */
export function databaseOf(env: Readonly<Record<string, string | undefined>>): DatabaseSettings {
  const mistakes: string[] = [];
  const value = (name: string, fits: (text: string) => boolean, expected: string): string => {
    const text = env[name] ?? '';
    if (!fits(text)) mistakes.push(`${name}: ${text === '' ? 'is not set' : `"${text}" is not ${expected}`}`);
    return text;
  };
  const filled = (text: string) => text.trim() !== '';

  const target = value(environment.target, isTarget, targets.join(', ')) as TargetKind;
  const contactPoints = value(environment.contactPoints, filled, 'a list of hosts').split(',');
  const port = Number(value(environment.port, isPort, 'a port'));
  const datacenter = value(environment.datacenter, filled, 'a data centre');
  const guard = env[environment.keyspacesGuard] ?? '0';
  if (guard !== '0' && guard !== '1') mistakes.push(`${environment.keyspacesGuard}: "${guard}" is not 0 or 1`);
  const authority = env[environment.certificateAuthority];
  if (authority && target !== 'cassandra') {
    mistakes.push(`${environment.certificateAuthority}: only the target cassandra takes an authority`);
  }
  if (mistakes.length > 0) throw new FatalError('SLU-5004', `the environment is wrong: ${mistakes.join('; ')}`);

  const tls = target === 'local' ? {} : { tls: authority ? { certificateAuthority: authority } : {} };
  const guarded = guard === '1';
  return {
    target,
    address: { contactPoints, port, datacenter, ...tls },
    dialect: target === 'keyspaces' ? keyspacesDialect : cassandraDialect,
    guarded,
    ...((guarded || target === 'keyspaces') && { writeTimeReach: KEYSPACES_WRITE_TIME_REACH }),
  };
}

const targets: readonly TargetKind[] = ['local', 'cassandra', 'keyspaces'];
const isTarget = (text: string): boolean => targets.includes(text as TargetKind);
const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536;
