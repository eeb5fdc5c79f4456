import { App } from 'aws-cdk-lib/core';
import { FatalError, remedy } from '../core/model/errors.ts';
import { tenants } from '../tenants/index.ts';
import { problemLines, profileProblems } from '../tenants/problems.ts';
import { sources } from './sources.ts';
import { addStacks } from './stacks.ts';

try {
  const mistakes = problemLines(profileProblems(tenants));
  if (mistakes.length > 0) {
    throw new FatalError('SLU-4001', [`${mistakes.length} mistakes in the profiles`, ...mistakes].join('\n  '));
  }
  addStacks(new App(), tenants, sources);
} catch (error) {
  if (!(error instanceof FatalError)) throw error;
  process.stderr.write(`${error.code}  ${error.message}\nNext: ${remedy(error.code)}\n`);
  process.exitCode = 1;
}
