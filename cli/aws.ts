import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { endpointUrl, loadSettings, localAwsEnv, pathsOf, type Settings } from '../local/settings.ts';
import { passThrough } from './passthrough.ts';

/** The AWS CLI with the arguments that point it at the local stack; one of the machine's own when the stack has none. */
export const awsCli = (settings: Settings, args: readonly string[]): { file: string; args: string[] } => {
  const own = join(pathsOf(settings).venv, 'bin', 'aws');
  // Version 1 of the CLI ignores AWS_ENDPOINT_URL for SQS; the option it heeds for every service.
  return { file: existsSync(own) ? own : 'aws', args: ['--endpoint-url', endpointUrl(settings), ...args] };
};

/** `sluice aws s3 ls`: the AWS CLI, pointed at the local stack, with no way to a real account. */
export const runAws = (given: readonly string[]): Promise<number> => {
  const settings = loadSettings();
  const { file, args } = awsCli(settings, given);
  return passThrough(file, args, localAwsEnv(settings), {
    message: 'the AWS CLI is neither in the local stack’s Python environment nor on the path',
    next: 'sluice up --no-docker (which downloads it), or install the AWS CLI',
  });
};
