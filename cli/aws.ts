import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { endpointUrl, loadSettings, localAwsEnv, pathsOf } from '../local/settings.ts';
import { passThrough } from './passthrough.ts';

/** `sluice aws s3 ls`: the AWS CLI, pointed at the local stack, with no way to a real account. */
export const runAws = (args: readonly string[]): Promise<number> => {
  const settings = loadSettings();
  const own = join(pathsOf(settings).venv, 'bin', 'aws');
  // Version 1 of the CLI ignores AWS_ENDPOINT_URL for SQS; the option it heeds for every service.
  const all = ['--endpoint-url', endpointUrl(settings), ...args];
  return passThrough(existsSync(own) ? own : 'aws', all, localAwsEnv(settings), {
    message: 'the AWS CLI is neither in the local stack’s Python environment nor on the path',
    next: 'sluice up --no-docker (which downloads it), or install the AWS CLI',
  });
};
