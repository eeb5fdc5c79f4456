import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Aws } from 'aws-cdk-lib/core';
import { allow } from './function.ts';

/**
 * Putting receipts on the account's default event bus, which others use as well: nothing may be put there in the name of anybody else, another
 * tenant included.
 */
export function announcing(source: string): PolicyStatement {
  const bus = `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:event-bus/default`;
  const statement = allow(['events:PutEvents'], bus);
  // The key holds the sources of all events of a request; the condition on a set is true of an empty one.
  statement.addConditions({
    'ForAllValues:StringEquals': { 'events:source': [source] },
    Null: { 'events:source': 'false' },
  });
  return statement;
}
