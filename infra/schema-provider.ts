import { createHash } from 'node:crypto';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Aws, CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import type { Table } from '../core/model/table.ts';
import { acknowledge, arnOf, wildcard } from './acknowledge.ts';
import { allow, runtime, runtimeReason, type SluiceFunction } from './function.ts';

const name = 'sluice-schema-provider';

/**
 * Lets the tenants' stacks have their schema applied while they deploy: after the tenant's password is there, before its
 * functions run. By name instead of a CDK trigger, whose reference to the function's current version would cross stacks and
 * so could never change.
 */
export class SchemaProvider extends Construct {
  constructor(scope: Construct, id: string, applySchema: SluiceFunction) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${name}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const statements = [allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn)];
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { own: new PolicyDocument({ statements }) },
    });
    const provider = new Provider(this, 'Provider', {
      providerFunctionName: name,
      onEventHandler: applySchema.handler,
      frameworkOnEventRole: role,
      logGroup,
    });
    const framework = provider.node.findChild('framework-onEvent');
    (framework.node.defaultChild as CfnFunction).runtime = runtime.name;
    acknowledge(framework, 'AwsSolutions-L1', runtimeReason);
    wildcard(
      role,
      `Resource::${arnOf(applySchema.handler)}:*`,
      'CDK’s provider may invoke any version of apply-schema',
    );
  }
}

/** Has a tenant's schema applied whenever its tables change. */
export const appliedSchema = (scope: Construct, tenantId: string, tables: readonly Table[]): CustomResource =>
  new CustomResource(scope, 'Schema', {
    serviceToken: `arn:${Aws.PARTITION}:lambda:${Aws.REGION}:${Aws.ACCOUNT_ID}:function:${name}`,
    resourceType: 'Custom::SluiceSchema',
    serviceTimeout: Duration.minutes(10),
    properties: { tenant: tenantId, tables: createHash('sha256').update(JSON.stringify(tables)).digest('hex') },
  });
