import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Problem } from './problem.ts';

export interface Program {
  readonly file: string;
  readonly version: string;
}

/** What was found, or why what is there does not do. */
export type Found = { readonly program: Program } | { readonly problem: string };

/** A program that is missing, and what mends it. */
export interface Lack {
  readonly problem: string;
  readonly next: string;
}

type Env = Readonly<Record<string, string>>;

/** Python for LocalStack. 3.11 and 3.12 come first: they are what the locked packages were released for. */
export const findPython = async (env: Env): Promise<Found> => {
  const names = ['python3.11', 'python3.12', 'python3.13', 'python3', 'python'];
  const found = await Promise.all(names.map((name) => versionOf(name, ['--version'], /Python (\d+\.\d+\.\d+)/, env)));
  const fit = found.find((program) => program !== undefined && atLeast(program.version, 3, 11));
  if (fit !== undefined) return { program: fit };
  const old = found.find((program) => program !== undefined);
  return { problem: old ? `Python 3.11 or newer is needed, this is ${old.version}` : 'Python 3.11 or newer is needed' };
};

/** Cassandra 5.0 runs on exactly these two Java releases; a newer one fails in the middle of the start. */
export const findJava = async (env: Env): Promise<Found> => {
  const file = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java';
  const java = await versionOf(file, ['-version'], /version "(\d+[^"]*)"/, env);
  if (java === undefined) return { problem: `Java 17 or 11 is needed${env.JAVA_HOME ? ', JAVA_HOME holds none' : ''}` };
  return /^(17|11)\b/.test(java.version)
    ? { program: java }
    : { problem: `Java 17 or 11 is needed (Cassandra 5.0 runs on no other), this is ${java.version}` };
};

export const findMaven = async (env: Env): Promise<Found> => {
  const maven = await versionOf('mvn', ['--version'], /Apache Maven (\d+\.\d+(?:\.\d+)?)/, env);
  return maven ? { program: maven } : { problem: 'Maven is needed to download Cassandra' };
};

export const findNpm = async (env: Env): Promise<Found> => {
  const npm = await versionOf('npm', ['--version'], /^(\d+\.\d+\.\d+)/, env);
  return npm ? { program: npm } : { problem: 'npm is needed' };
};

export const findUv = async (env: Env, venv: string): Promise<Program | undefined> =>
  (await versionOf('uv', ['--version'], /uv (\d+\.\d+\.\d+)/, env)) ??
  (await versionOf(join(venv, 'bin', 'uv'), ['--version'], /uv (\d+\.\d+\.\d+)/, env));

/** How to mend what is missing, by what people have at hand most often. */
export const remedies = {
  python: 'install Python 3.11 or newer (apt install python3 python3-venv, or brew install python@3.12)',
  java: 'install a Java 17 (apt install openjdk-17-jre-headless, or brew install openjdk@17) and point JAVA_HOME at it',
  maven: 'install Maven (apt install maven, or brew install maven)',
  npm: 'install Node with npm (https://nodejs.org)',
} as const;

export const lackOf = (found: Found, next: string): Lack[] =>
  'program' in found ? [] : [{ problem: found.problem, next }];

/** One error for all that is missing, so that nobody installs one thing after the other. */
export const lacking = (lacks: readonly Lack[]): Problem => {
  const [first, ...others] = lacks;
  return new Problem('SLU-1001', lacks.map(({ problem }) => problem).join('; '), {
    details: others.length === 0 ? [] : lacks.map(({ next }) => next),
    next: others.length === 0 ? (first?.next ?? 'sluice doctor') : 'install these, then sluice doctor',
  });
};

const versionOf = (file: string, args: string[], pattern: RegExp, env: Env): Promise<Program | undefined> =>
  new Promise((resolve) => {
    execFile(file, args, { env, timeout: 5000 }, (error, stdout, stderr) => {
      // Java prints its version on stderr; Maven colours its own.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is removed here
      const version = `${stdout}${stderr}`.replace(/\u001b\[[\d;]*m/g, '').match(pattern)?.[1];
      resolve(error === null && version !== undefined ? { file, version } : undefined);
    });
  });

const atLeast = (version: string, major: number, minor: number): boolean => {
  const [have = 0, haveMinor = 0] = version.split('.').map(Number);
  return have > major || (have === major && haveMinor >= minor);
};
