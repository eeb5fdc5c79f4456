import type { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { deliveriesOf, sqsQueue } from '../../adapters/deliveries.ts';
import { FatalError } from '../../core/model/errors.ts';
import { arrival } from '../../core/model/run.ts';

const notification = (...keys: string[]) =>
  JSON.stringify({
    Records: keys.map((key) => ({
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'acme-staging', arn: 'arn' }, object: { key, size: 1, versionId: 'v1' } },
    })),
  });

describe('a notification of S3', () => {
  test('names every object that has arrived', () => {
    expect(deliveriesOf(notification('readings/a.csv', 'readings/b.csv'))).toEqual([
      arrival({ bucket: 'acme-staging', key: 'readings/a.csv', versionId: 'v1' }),
      arrival({ bucket: 'acme-staging', key: 'readings/b.csv', versionId: 'v1' }),
    ]);
  });

  test.each([
    ['readings/a+b.csv', 'readings/a b.csv'],
    ['readings/a%2Bb.csv', 'readings/a+b.csv'],
    ['readings/%C3%A9%F0%9F%A6%A5+%2520.csv', 'readings/é🦥 %20.csv'],
    ['readings/100%25.csv', 'readings/100%.csv'],
  ])('with the key %s means %s', (encoded, key) => {
    expect(deliveriesOf(notification(encoded))[0]?.object.key).toBe(key);
  });

  test('of a bucket without versions names none', () => {
    const body = notification('readings/a.csv').replace(',"versionId":"v1"', '');
    expect(deliveriesOf(body)[0]?.object.versionId).toBe('');
  });

  test('that only tests the queue names nothing', () => {
    expect(deliveriesOf('{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"acme-staging"}')).toEqual([]);
  });
});

test.each(['', 'hello', '[]', '{}', '{"Records":[{}]}', 'null'])(
  'a message that is none, %j, is for a person to look at',
  (body) => {
    expect(() => deliveriesOf(body)).toThrow(FatalError);
  },
);

test('what the platform sends to its queue comes back as it was', async () => {
  const sent: string[] = [];
  const client = { send: async ({ input }: { input: { MessageBody: string } }) => void sent.push(input.MessageBody) };
  const delivery = {
    object: { bucket: 'acme-staging', key: 'readings/a +é.csv', versionId: 'v1' },
    generation: 2,
    requestedAt: 1_767_323_045_678,
    rejectsOf: 'readings.20260102.0123456789ab',
  };
  await sqsQueue(client as unknown as SQSClient, 'http://queue').send(delivery);
  expect(sent.flatMap(deliveriesOf)).toEqual([delivery]);
});
