import { Stack, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** Accepts a finding of cdk-nag on a construct, for a reason. A test holds that no acceptance outlives its finding. */
export const acknowledge = (construct: IConstruct, id: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id, reason });

/** Accepts one wildcard of a policy, such as `Resource::<Bucket.Arn>/*`; any other is still a finding. */
export const wildcard = (construct: IConstruct, finding: string, reason: string): void =>
  acknowledge(construct, `AwsSolutions-IAM5[${finding}]`, reason);

/** The name by which cdk-nag calls the ARN of a resource. */
export const arnOf = (resource: IConstruct): string => {
  const element = resource.node.defaultChild as Parameters<Stack['getLogicalId']>[0];
  return `<${Stack.of(resource).getLogicalId(element)}.Arn>`;
};
