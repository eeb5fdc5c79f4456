import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Target } from './target.ts';

/**
 * What becomes of data when its stack goes: on AWS a person deletes it; locally nothing is meant to last. What a failed first
 * deployment made goes with it, or its name would be taken at the next one.
 */
export const dataRemoval = (target: Target): RemovalPolicy =>
  target.kind === 'local' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
