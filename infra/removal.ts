import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Target } from './target.ts';

/** What becomes of data when its stack goes: on AWS a person deletes it; locally nothing is meant to last. */
export const dataRemoval = (target: Target): RemovalPolicy =>
  target.kind === 'local' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
