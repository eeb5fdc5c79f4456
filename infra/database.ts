import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Aws } from 'aws-cdk-lib/core';
import { environment } from '../core/model/environment.ts';
import type { Table } from '../core/model/table.ts';
import { allow } from './function.ts';
import type { Target } from './target.ts';

/** How a function finds the database of the target. */
export function databaseEnvironment(target: Target): Record<string, string> {
  const { contactPoints, port, datacenter } =
    target.kind === 'keyspaces'
      ? { contactPoints: [`cassandra.${Aws.REGION}.${Aws.URL_SUFFIX}`], port: 9142, datacenter: Aws.REGION }
      : target;
  const authority = target.kind === 'cassandra' ? target.certificateAuthority : undefined;
  return {
    [environment.target]: target.kind,
    [environment.contactPoints]: contactPoints.join(','),
    [environment.port]: String(port),
    [environment.datacenter]: datacenter,
    ...(target.kind !== 'keyspaces' && target.keyspacesGuard && { [environment.keyspacesGuard]: '1' }),
    ...(authority && { [environment.certificateAuthority]: authority }),
  };
}

/** Keyspaces' own tables, which a driver reads to find its way; they show the names of all tables, never their content. */
export const systemKeyspaces = `arn:${Aws.PARTITION}:cassandra:${Aws.REGION}:${Aws.ACCOUNT_ID}:/keyspace/system*`;

export const keyspaceArn = (keyspace: string): string =>
  `arn:${Aws.PARTITION}:cassandra:${Aws.REGION}:${Aws.ACCOUNT_ID}:/keyspace/${keyspace}`;

/** Reading and writing the rows of these tables on Keyspaces, and nothing of any other. */
export const tableAccess = (tables: Readonly<Record<string, readonly Table[]>>): PolicyStatement[] => [
  allow(
    ['cassandra:Select', 'cassandra:Modify'],
    ...Object.entries(tables).flatMap(([keyspace, all]) =>
      all.map(({ name }) => `${keyspaceArn(keyspace)}/table/${name}`),
    ),
  ),
  allow(['cassandra:Select'], systemKeyspaces),
];

/** A finding of cdk-nag as it prints the pseudo parameters. */
export const asFinding = (arn: string): string => {
  const printed = [
    [Aws.PARTITION, '<AWS::Partition>'],
    [Aws.REGION, '<AWS::Region>'],
    [Aws.ACCOUNT_ID, '<AWS::AccountId>'],
  ] as const;
  return `Resource::${printed.reduce((text, [token, name]) => text.replaceAll(token, name), arn)}`;
};
