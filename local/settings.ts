import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import * as z from 'zod';
import { Problem } from './problem.ts';

/** Versions of everything that the local stack downloads. They are pinned: an upgrade is a commit. */
export const versions = {
  localstack: '4.9.2',
  cassandra: '5.0.9',
  /** LocalStack would install this npm package by itself at the first use of Kinesis, in the middle of a deployment. */
  kinesisLocal: '0.4.13',
} as const;

export interface Settings {
  readonly root: string;
  /** Everything that changes: data, logs, pid files. One per checkout. */
  readonly stateDir: string;
  /** What is downloaded once per version. The state folder unless set otherwise. */
  readonly downloadsDir: string;
  readonly localstackPort: number;
  readonly cassandraPort: number;
  readonly cassandraStoragePort: number;
  readonly cassandraHeap: string;
  readonly docker: 'auto' | 'on' | 'off';
  /** Where the platform is that the operator's commands are about; all others are about the local stack. */
  readonly target: 'local' | 'aws';
  /** The process environment with the `.env` file beneath it. */
  readonly env: Readonly<Record<string, string>>;
}

const port = (fallback: number) =>
  z
    .string()
    .regex(/^\d+$/, 'a whole number')
    .transform(Number)
    .pipe(z.number().min(1024, 'at least 1024').max(65535, 'at most 65535'))
    .default(fallback);

/** Every setting, its default and its check. Settings are strings: they come from the environment or from `.env`. */
const schema = z.object({
  SLUICE_LOCALSTACK_PORT: port(4566),
  SLUICE_CASSANDRA_PORT: port(9042),
  SLUICE_CASSANDRA_STORAGE_PORT: port(7000),
  SLUICE_CASSANDRA_HEAP: z
    .string()
    .regex(/^[1-9]\d*[MG]$/, 'a size such as 512M or 2G')
    .default('1G'),
  SLUICE_TARGET: z.enum(['local', 'aws']).default('local'),
  SLUICE_DOCKER: z.enum(['auto', 'on', 'off']).default('auto'),
  SLUICE_STATE_DIR: z.string().optional(),
  SLUICE_DOWNLOADS_DIR: z.string().optional(),
});

export const settingNames = Object.keys(schema.shape);

const repositoryRoot = resolve(import.meta.dirname, '..');

/**
 * Reads the settings from the environment and, beneath it, from an optional `.env` at the root of the checkout.
 * `process.env` is left as it is, so that one process can hold two stacks apart (the tests do).
 */
export const loadSettings = (environment: NodeJS.ProcessEnv = process.env, root: string = repositoryRoot): Settings => {
  const env = { ...readDotEnv(join(root, '.env')), ...definedOnly(environment) };
  const parsed = schema.safeParse(Object.fromEntries(settingNames.map((name) => [name, env[name] || undefined])));
  if (!parsed.success) {
    const details = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      const wanted = issue.code === 'invalid_value' ? `one of ${issue.values.join(', ')}` : issue.message;
      return `${name}="${env[name]}": must be ${wanted}`;
    });
    throw new Problem(
      'SLU-4004',
      `wrong setting: ${details.length === 1 ? details[0] : `${details.length} mistakes`}`,
      {
        details: details.length === 1 ? [] : details,
        where: String(parsed.error.issues[0]?.path[0]),
        next: 'mend it in the environment or in .env (docs/local.md lists the settings)',
      },
    );
  }
  const values = parsed.data;
  const ports = {
    SLUICE_LOCALSTACK_PORT: values.SLUICE_LOCALSTACK_PORT,
    SLUICE_CASSANDRA_PORT: values.SLUICE_CASSANDRA_PORT,
    SLUICE_CASSANDRA_STORAGE_PORT: values.SLUICE_CASSANDRA_STORAGE_PORT,
  };
  refuseSharedPorts(ports);
  const stateDir = resolve(root, values.SLUICE_STATE_DIR ?? '.sluice');
  return {
    root,
    stateDir,
    downloadsDir: values.SLUICE_DOWNLOADS_DIR === undefined ? stateDir : resolve(root, values.SLUICE_DOWNLOADS_DIR),
    localstackPort: values.SLUICE_LOCALSTACK_PORT,
    cassandraPort: values.SLUICE_CASSANDRA_PORT,
    cassandraStoragePort: values.SLUICE_CASSANDRA_STORAGE_PORT,
    cassandraHeap: values.SLUICE_CASSANDRA_HEAP,
    docker: values.SLUICE_DOCKER,
    target: values.SLUICE_TARGET,
    env,
  };
};

/** Where things lie inside the state and the downloads folder: the only place that spells these names. */
export const pathsOf = ({ root, stateDir, downloadsDir }: Settings) => ({
  nodeBin: join(root, 'node_modules', 'node', 'bin'),
  executorDir: join(root, 'local', 'executor'),
  venv: join(downloadsDir, 'venv'),
  cassandraLib: join(downloadsDir, 'cassandra', `lib-${versions.cassandra}`),
  kinesisLib: join(downloadsDir, 'kinesis-local', versions.kinesisLocal),
  cassandraData: join(stateDir, 'data', 'cassandra'),
  localstackData: join(stateDir, 'data', 'localstack'),
  logs: join(stateDir, 'logs'),
  run: join(stateDir, 'run'),
  tmp: join(stateDir, 'tmp'),
  cache: join(stateDir, 'cache'),
  aws: join(stateDir, 'aws'),
  outputs: join(stateDir, 'outputs.json'),
});

export const endpointUrl = (settings: Settings): string => `http://127.0.0.1:${settings.localstackPort}`;

/**
 * The environment for everything that talks to LocalStack. None of the user's own AWS variables or profiles get
 * through, so that a local command can never reach a real account.
 */
export const localAwsEnv = (settings: Settings): Record<string, string> => {
  const paths = pathsOf(settings);
  return {
    ...childEnv(settings),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: endpointUrl(settings),
    AWS_ENDPOINT_URL_S3: endpointUrl(settings),
    AWS_CONFIG_FILE: join(paths.aws, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(paths.aws, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    // cdklocal drops AWS variables unless they are named here, and guesses the port of endpoints by another name.
    AWS_ENVAR_ALLOWLIST: 'AWS_CONFIG_FILE,AWS_SHARED_CREDENTIALS_FILE,AWS_REGION,AWS_DEFAULT_REGION',
    EDGE_PORT: String(settings.localstackPort),
  };
};

/** The environment for child processes: Node 24 first on the path, nothing of AWS. */
export const childEnv = (settings: Settings): Record<string, string> => {
  const env = Object.fromEntries(Object.entries(settings.env).filter(([name]) => !name.startsWith('AWS_')));
  return { ...env, PATH: [pathsOf(settings).nodeBin, env.PATH].filter(Boolean).join(delimiter) };
};

const readDotEnv = (file: string): Record<string, string> =>
  existsSync(file) ? definedOnly(parseEnv(readFileSync(file, 'utf8'))) : {};

const definedOnly = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

const refuseSharedPorts = (ports: Record<string, number>): void => {
  for (const [name, value] of Object.entries(ports)) {
    const other = Object.keys(ports).find((candidate) => candidate !== name && ports[candidate] === value);
    if (other !== undefined) {
      throw new Problem('SLU-4004', `wrong setting: ${name} and ${other} are both ${value}`, {
        where: name,
        next: 'give each its own port, in the environment or in .env',
      });
    }
  }
};
