import { join } from 'node:path';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type CfnFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogLevel, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Aws, type Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { bundle, type DeployedFunction } from '../core/model/bundle.ts';
import { versionsIn } from '../tenants/version.ts';
import { acknowledge, wildcard } from './acknowledge.ts';
import type { Sources } from './sources.ts';
import type { Network, Target } from './target.ts';

export interface FunctionProps {
  readonly target: Target;
  readonly sources: Sources;
  readonly deployed: DeployedFunction;
  readonly description: string;
  readonly timeout: Duration;
  readonly memoryMiB: number;
  readonly environment: Readonly<Record<string, string>>;
  /** All that the function may do, besides writing its own log. */
  readonly allow: readonly PolicyStatement[];
  readonly roleName?: string;
}

export const runtime = Runtime.NODEJS_22_X;
export const runtimeReason = 'LocalStack 4.9 refuses nodejs24.x, and all targets run the same runtime';

/**
 * A function with a bundle, a log group and a role of its own. The role's policy is part of the role, so that it is there
 * before anything that needs it.
 */
export class SluiceFunction extends Construct {
  readonly handler: NodejsFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: FunctionProps) {
    super(scope, id);
    const { target, sources } = props;
    const { name, entry, tenantId } = props.deployed;
    const network = target.kind === 'local' ? undefined : target.network;
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${name}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const statements = [
      allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn),
      ...props.allow,
      ...(network ? networkStatements(target, name) : []),
    ];
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${name} may do`,
      inlinePolicies: { own: new PolicyDocument({ statements }) },
      ...(props.roleName && { roleName: props.roleName }),
    });
    this.handler = new NodejsFunction(this, 'Function', {
      functionName: name,
      description: props.description,
      entry: join(sources.functions, entry),
      handler: 'handler',
      runtime,
      architecture: architectureOf(target),
      role: this.role,
      logGroup,
      timeout: props.timeout,
      memorySize: props.memoryMiB,
      environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
      projectRoot: sources.root,
      depsLockFilePath: join(sources.root, 'package-lock.json'),
      bundling: bundlingOf(sources, tenantId),
    });
    if (network) this.#enter(network);
    acknowledge(this.handler, 'AwsSolutions-L1', runtimeReason);
  }

  /** On the plain resource: importing a VPC would need its id and zones as well, for nothing. */
  #enter(network: Network): void {
    const resource = this.handler.node.defaultChild as CfnFunction;
    resource.vpcConfig = { subnetIds: [...network.subnetIds], securityGroupIds: [...network.securityGroupIds] };
    wildcard(
      this.role,
      'Resource::*',
      'Lambda places network interfaces under this role; EC2 has no narrower resource',
    );
  }
}

export const allow = (actions: string[], ...resources: string[]): PolicyStatement =>
  new PolicyStatement({ effect: Effect.ALLOW, actions, resources });

/** Listing what lies in some folders of a bucket. */
export function listing(bucket: Bucket, folders: readonly string[]): PolicyStatement {
  const statement = allow(['s3:ListBucket'], bucket.bucketArn);
  statement.addConditions({ StringLike: { 's3:prefix': folders.map((folder) => `${folder}/*`) } });
  return statement;
}

/** What Lambda itself needs to place a function in a VPC: under the function's role, yet not for the function's code. */
function networkStatements(target: Target, functionName: string): PolicyStatement[] {
  const change = [
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ];
  const look = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'];
  // With these Keyspaces shows the addresses of its endpoint in the VPC to the driver.
  if (target.kind === 'keyspaces') look.push('ec2:DescribeVpcEndpoints');
  const functionArn = `arn:${Aws.PARTITION}:lambda:${Aws.REGION}:${Aws.ACCOUNT_ID}:function:${functionName}`;
  return [
    allow([...change, ...look], '*'),
    new PolicyStatement({
      effect: Effect.DENY,
      actions: change,
      resources: ['*'],
      conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
    }),
  ];
}

/** The process executor runs functions on the machine itself; on AWS, Graviton costs less for the same work. */
const architectureOf = (target: Target): Architecture =>
  target.kind === 'local' && process.arch !== 'arm64' ? Architecture.X86_64 : Architecture.ARM_64;

/** Everything is bundled, the SDK too: the process executor has no managed runtime that would supply it. */
const bundlingOf = (sources: Sources, tenantId: string | undefined) => ({
  format: OutputFormat.ESM,
  mainFields: [...bundle.mainFields],
  externalModules: [],
  sourceMap: true,
  sourcesContent: false,
  logLevel: LogLevel.WARNING,
  banner: bundle.banner,
  define: { [bundle.versions]: JSON.stringify(versionsIn(tenantId, sources.tenants)) },
  esbuildArgs: {
    '--minify-syntax': bundle.minifySyntax,
    ...(tenantId && { '--alias': [`${bundle.tenantModule}=${join(sources.tenants, tenantId, 'tenant.ts')}`] }),
  },
});
