import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localCassandraLogin } from '../local/cassandra.ts';
import { childEnv, loadSettings, pathsOf } from '../local/settings.ts';
import { passThrough } from './passthrough.ts';

/** `sluice cqlsh -e "…"`: the Cassandra shell, logged in to the local Cassandra. A role of its own comes by -u and -p. */
export const runCqlsh = (args: readonly string[]): Promise<number> => {
  const settings = loadSettings();
  const own = join(pathsOf(settings).venv, 'bin', 'cqlsh');
  const login = args.some((arg) => /^(-u|--username|--credentials)/.test(arg))
    ? []
    : ['--credentials', credentialsFile(pathsOf(settings).run)];
  const env = { ...childEnv(settings), CQLSH_HOST: '127.0.0.1', CQLSH_PORT: String(settings.cassandraPort) };
  return passThrough(existsSync(own) ? own : 'cqlsh', [...login, ...args], env, {
    message: 'cqlsh is neither in the local stack’s Python environment nor on the path',
    next: 'sluice up --no-docker (which downloads it), or pip install cqlsh',
  });
};

/** cqlsh warns about a password on its command line, and refuses a file that others may read. */
const credentialsFile = (folder: string): string => {
  const file = join(folder, 'cqlsh-credentials');
  const { username, password } = localCassandraLogin;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `[plain_text_auth]\nusername = ${username}\npassword = ${password}\n`, { mode: 0o600 });
  return file;
};
