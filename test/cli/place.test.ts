import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { placeIn } from '../../cli/place.ts';
import { namesOf } from '../../core/model/names.ts';
import { kinds, makeApp, ofType, resourcesOf } from '../infra/synth.ts';

/** The commands find on AWS what the CDK app says there: its templates are read here as CloudFormation would fill them in. */

const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';
const values: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::URLSuffix': 'amazonaws.com',
};

/** A value of a template, with its pseudo parameters filled in. */
function filled(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::Join': join } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]] };
  if (Ref !== undefined) return values[Ref] ?? expect.fail(`${Ref} is unknown`);
  const [by, parts] = join ?? expect.fail(`${JSON.stringify(value)} is unknown`);
  return parts.map(filled).join(by);
}

describe.each(kinds)('on target %s', (kind) => {
  const { platform, tenants } = makeApp(kind);
  const outputs = Object.entries(Template.fromStack(platform).toJSON().Outputs).map(([OutputKey, output]) => ({
    OutputKey,
    OutputValue: filled((output as { Value: unknown }).Value),
  }));

  test('the outputs of the platform lead to the database that the functions use', () => {
    const { database, aws } = placeIn(REGION, outputs);
    expect(aws).toEqual({ region: REGION });
    const [stack] = tenants;
    const [handler] = ofType(resourcesOf(stack ?? expect.fail()), 'AWS::Lambda::Function');
    const { SLUICE_CASSANDRA_CONTACT_POINTS, SLUICE_CASSANDRA_PORT } = handler?.Properties.Environment.Variables ?? {};
    expect(database.target).toBe(kind);
    expect(database.address.contactPoints.join(',')).toBe(filled(SLUICE_CASSANDRA_CONTACT_POINTS));
    expect(database.address.port).toBe(Number(filled(SLUICE_CASSANDRA_PORT)));
    expect(database.address.tls !== undefined).toBe(kind !== 'local');
  });

  test('and to the names of a tenant’s buckets', () => {
    const { suffix } = placeIn(REGION, outputs);
    expect(suffix).toBe(kind === 'local' ? '' : `-${ACCOUNT}-${REGION}`);
    for (const stack of tenants) {
      const buckets = ofType(resourcesOf(stack), 'AWS::S3::Bucket').map(({ Properties }) =>
        filled(Properties.BucketName),
      );
      const { staging, rejects } = namesOf(stack.stackName.replace('sluice-', ''), suffix);
      expect(buckets.toSorted()).toEqual([rejects, staging]);
    }
  });
});

test('a platform without these outputs was deployed by an older version', () => {
  expect(() => placeIn(REGION, [])).toThrow('deployed by an older version');
});
