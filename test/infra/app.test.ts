import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sources } from '../../infra/sources.ts';

it('the app says what is wrong with its settings, and how to go on, without a stack trace', () => {
  // The CLI of CDK hands the context over like this.
  const env = { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ target: 'keyspace' }) };
  const { status, stderr } = spawnSync(process.execPath, [join(sources.root, 'infra', 'app.ts')], {
    env,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr.split('\n')).toEqual([
    'SLU-4004  the context of the CDK app is wrong',
    '  target: "keyspace" is none of local, cassandra, keyspaces; did you mean keyspaces?',
    'Next: mend the setting that the message names',
    '',
  ]);
});
