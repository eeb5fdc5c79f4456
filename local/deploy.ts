import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { platformNames } from '../core/model/names.ts';
import { exec, tail } from './exec.ts';
import { withLock } from './lock.ts';
import { Problem } from './problem.ts';
import type { ProcessRecord } from './processes.ts';
import type { Progress } from './ready.ts';
import { endpointUrl, localAwsEnv, pathsOf, type Settings } from './settings.ts';
import { requireStack } from './stack.ts';

/** `{ stack: { output: value } }`, as CDK writes it. */
export type Outputs = Record<string, Record<string, string>>;

export interface Deployment {
  readonly outputs: Outputs;
  /** What `sluice-apply-schema` returned. */
  readonly schema: unknown;
  readonly seconds: number;
}

const applySchemaFunction = 'sluice-apply-schema';
const deadlineMs = 15 * 60_000;

/** Deploys the CDK app onto the local stack with one `cdk deploy`, then has the schema applied. */
export const deploy = (settings: Settings, progress: Progress): Promise<Deployment> => {
  const wait = ({ pid }: ProcessRecord) => progress('cdk', `waiting for another deployment (pid ${pid})`);
  return withLock(join(pathsOf(settings).run, 'deploy.json'), deadlineMs, wait, () => deployAlone(settings, progress));
};

const deployAlone = async (settings: Settings, progress: Progress): Promise<Deployment> => {
  const began = Date.now();
  const { way } = await requireStack(settings);
  const logFile = join(pathsOf(settings).logs, 'deploy.log');
  rmSync(logFile, { force: true });
  // Bootstrapping waits for LocalStack while synthesizing computes: side by side they take as long as the slower one.
  const bootstrap = async () => {
    if (await isBootstrapped(settings)) return;
    progress('cdk', 'bootstrapping (once per start of LocalStack)');
    await cdk(settings, logFile, ['bootstrap', 'aws://000000000000/us-east-1'], progress);
  };
  progress('cdk', `synthesizing and deploying (log: ${logFile})`);
  await Promise.all([bootstrap(), cdk(settings, logFile, synthArguments(settings, way === 'docker'), progress)]);
  await cdk(settings, logFile, deployArguments(settings), progress);
  progress('schema', `invoking ${applySchemaFunction}`);
  const schema = await applySchema(settings);
  return { outputs: readOutputs(settings) ?? {}, schema, seconds: Math.round((Date.now() - began) / 1000) };
};

/** What the last deployment printed; undefined when there was none. */
export const readOutputs = (settings: Settings): Outputs | undefined => {
  const { outputs } = pathsOf(settings);
  return existsSync(outputs) ? (JSON.parse(readFileSync(outputs, 'utf8')) as Outputs) : undefined;
};

const synthArguments = (settings: Settings, inContainers: boolean): string[] => [
  'synth',
  '--quiet',
  `--output=${assemblyOf(settings)}`,
  '--context=target=local',
  // Functions in containers reach Cassandra by its name on their network, on the port inside.
  `--context=cassandraContactPoint=${inContainers ? 'cassandra' : '127.0.0.1'}`,
  `--context=cassandraPort=${inContainers ? 9042 : settings.cassandraPort}`,
  // The emulator hands a queue's messages to one function at a time: small files wait for a slice of a large one, and a laptop's large files are smaller.
  '--context=partBytes=16777216',
  '--context=sliceSeconds=20',
];

const deployArguments = (settings: Settings): string[] => [
  'deploy',
  '--all',
  `--app=${assemblyOf(settings)}`,
  '--require-approval=never',
  '--concurrency=4',
  '--progress=events',
  // Without a change set, for which CDK would wait in steps of 5 s.
  '--method=direct',
  `--outputs-file=${pathsOf(settings).outputs}`,
];

/** A folder of its own: `npm run check` may synthesize at the same time, and CDK locks its output folder. */
const assemblyOf = (settings: Settings): string => join(settings.stateDir, 'cdk.out');

const cdk = async (settings: Settings, logFile: string, args: string[], progress: Progress): Promise<void> => {
  mkdirSync(settings.stateDir, { recursive: true });
  const env = { ...localAwsEnv(settings), CDK_DISABLE_CLI_TELEMETRY: 'true', NO_COLOR: '1' };
  const common = ['--no-notices', '--no-version-reporting'];
  const code = await exec(join(settings.root, 'node_modules', '.bin', 'cdklocal'), [...args, ...common], {
    cwd: settings.root,
    env,
    logFile,
    deadlineMs,
    onLine: (line) => isWorthTelling(line) && progress('cdk', line.trim()),
  });
  if (code !== 0) {
    throw new Problem('SLU-1006', `cdk ${args[0]} failed with exit code ${code}`, {
      where: logFile,
      details: tail(logFile, 20),
    });
  }
};

/** CDK tells every resource twice; a person wants the stacks, the failures and the timings. */
const isWorthTelling = (line: string): boolean =>
  /(deploying\.\.\.|✅|❌|✨|FAILED|[Ee]rror|Bundling|AWS::CloudFormation::Stack)/.test(line) &&
  line.trim().length < 300;

const isBootstrapped = (settings: Settings): Promise<boolean> => isComplete(settings, 'CDKToolkit');

/** Whether LocalStack holds the platform: after a restart it has forgotten what was deployed. */
export const isDeployed = (settings: Settings): Promise<boolean> => isComplete(settings, platformNames.stack);

const isComplete = async (settings: Settings, StackName: string): Promise<boolean> => {
  const client = new CloudFormationClient(clientOptions(settings));
  try {
    const found = await client.send(new DescribeStacksCommand({ StackName }));
    return found.Stacks?.some((stack) => /^(CREATE|UPDATE)_COMPLETE$/.test(stack.StackStatus ?? '')) === true;
  } catch {
    // CloudFormation answers with an error for a stack that it does not know.
    return false;
  } finally {
    client.destroy();
  }
};

export const applySchema = async (settings: Settings): Promise<unknown> => {
  // One attempt: a second one would run beside the first when that is only slow.
  const client = new LambdaClient({ ...clientOptions(settings), maxAttempts: 1 });
  try {
    const answer = await client.send(new InvokeCommand({ FunctionName: applySchemaFunction, Payload: '{}' }));
    const text = answer.Payload?.transformToString() ?? '';
    if (answer.FunctionError === undefined) return text === '' ? null : JSON.parse(text);
    const { errorMessage } = JSON.parse(text) as { errorMessage?: string };
    throw schemaProblem(errorMessage ?? text);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw schemaProblem(error instanceof Error ? error.message : String(error));
  } finally {
    client.destroy();
  }
};

const schemaProblem = (reason: string): Problem =>
  new Problem('SLU-1006', `the schema was not applied: ${reason}`, {
    where: `function ${applySchemaFunction}`,
    next: `sluice logs ${applySchemaFunction}`,
  });

/** Given in full, so that nothing of the user's own configuration is looked up. */
export const clientOptions = (settings: Settings) => ({
  endpoint: endpointUrl(settings),
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
