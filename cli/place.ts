import { CloudFormationClient, DescribeStacksCommand, type Output } from '@aws-sdk/client-cloudformation';
import { type DatabaseSettings, databaseOf } from '../adapters/cassandra/config.ts';
import { bucketSuffixOutput, deploymentOutputs } from '../core/model/deployment.ts';
import { environment } from '../core/model/environment.ts';
import { platformNames } from '../core/model/names.ts';
import { clientOptions } from '../local/deploy.ts';
import type { Settings } from '../local/settings.ts';
import { requireStack } from '../local/stack.ts';
import { CliError } from './errors.ts';

/** Where the platform is that a command is about: the one place that knows. */
export interface Place {
  readonly name: string;
  /** How it is deployed there. */
  readonly deploy: string;
  /** For every client of AWS. */
  readonly aws: ReturnType<typeof clientOptions> | { readonly region: string };
  readonly database: DatabaseSettings;
  /** What bucket names end in. */
  readonly suffix: string;
}

/** The local stack, which must run. */
export async function localPlace(settings: Settings): Promise<Place> {
  await requireStack(settings);
  const database = databaseOf({
    [environment.target]: 'local',
    [environment.contactPoints]: '127.0.0.1',
    [environment.port]: String(settings.cassandraPort),
    [environment.datacenter]: 'datacenter1',
  });
  const aws = clientOptions(settings);
  return { name: 'on the local stack', deploy: 'sluice deploy', aws, database, suffix: '' };
}

/** The account and region that the environment names, as for the AWS CLI. */
async function awsPlace({ env }: Settings): Promise<Place> {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (!region) throw unreachable('no region is set', 'export AWS_REGION=… (and AWS_PROFILE=…), where it is deployed');
  return placeIn(region, await outputsOf(region));
}

/** What a region is to the commands: all that they must know stands in the outputs of the platform's stack. */
export function placeIn(region: string, outputs: readonly Pick<Output, 'OutputKey' | 'OutputValue'>[]): Place {
  const byKey = new Map(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const found = Object.entries(deploymentOutputs).map(([output, name]) => [name, byKey.get(output)] as const);
  if (found.some(([, value]) => value === undefined)) {
    throw notDeployed(`${platformNames.stack} in ${region} was deployed by an older version`);
  }
  return {
    name: `in ${region}`,
    deploy: 'npx cdk deploy --all',
    aws: { region },
    database: databaseOf(Object.fromEntries(found)),
    suffix: byKey.get(bucketSuffixOutput) ?? '',
  };
}

/** Where the setting, or the option of the command, says. */
export const chosenPlace = (settings: Settings): Promise<Place> =>
  settings.target === 'aws' ? awsPlace(settings) : localPlace(settings);

async function outputsOf(region: string): Promise<readonly Output[]> {
  const client = new CloudFormationClient({ region });
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: platformNames.stack }));
    return Stacks?.[0]?.Outputs ?? [];
  } catch (error) {
    const { message } = error as Error;
    if (message.includes('does not exist')) throw notDeployed(`there is no stack ${platformNames.stack} in ${region}`);
    throw unreachable(`the stack ${platformNames.stack} in ${region} cannot be read: ${message}`);
  } finally {
    client.destroy();
  }
}

const notDeployed = (message: string): CliError =>
  new CliError('SLU-1007', message, { next: 'npx cdk deploy --all, or another AWS_REGION (docs/aws.md)' });

const unreachable = (message: string, next?: string): CliError =>
  new CliError('SLU-4005', message, next === undefined ? {} : { next });
