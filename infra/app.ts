import { App } from 'aws-cdk-lib/core';
import { FatalError, remedy } from '../core/model/errors.ts';
import { tenants } from '../tenants/index.ts';
import { sources } from './sources.ts';
import { addStacks } from './stacks.ts';

try {
  addStacks(new App(), tenants, sources);
} catch (error) {
  if (!(error instanceof FatalError)) throw error;
  process.stderr.write(`${error.code}  ${error.message}\nNext: ${remedy(error.code)}\n`);
  process.exitCode = 1;
}
