import { KinesisClient } from '@aws-sdk/client-kinesis';
import type { KinesisStreamEvent } from 'aws-lambda';
import { expect, test } from 'vitest';
import { messagesOf, streamIdentity } from '../../adapters/kinesis.ts';
import { TransientError } from '../../core/model/errors.ts';

const record = (sequenceNumber: string, data: Uint8Array, arrived = 1_767_323_045.678) => ({
  eventID: `shardId-000000000003:${sequenceNumber}`,
  kinesis: { sequenceNumber, data: Buffer.from(data).toString('base64'), approximateArrivalTimestamp: arrived },
});

test('records of an event come with shard, sequence number, arrival and their very bytes, in the order of the shard', () => {
  const bytes = new Uint8Array([0, 255, 128, 10]);
  const event = {
    Records: [record('49590338271490256608559692538361571095921575989136588898', bytes), record('7', new Uint8Array())],
  };
  const messages = messagesOf(event as unknown as KinesisStreamEvent);
  expect(messages.map(({ data, ...rest }) => ({ ...rest, data: [...data] }))).toEqual([
    {
      position: '49590338271490256608559692538361571095921575989136588898',
      shard: 'shardId-000000000003',
      arrivedAt: new Date('2026-01-02T03:04:05.678Z'),
      data: [...bytes],
    },
    { position: '7', shard: 'shardId-000000000003', arrivedAt: new Date('2026-01-02T03:04:05.678Z'), data: [] },
  ]);
});

test('a stream that cannot be described is worth another try', async () => {
  const nobody = { endpoint: 'http://127.0.0.1:9', region: 'us-east-1', maxAttempts: 1 };
  const client = new KinesisClient({ ...nobody, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  await expect(streamIdentity(client, 'sluice-acme')).rejects.toThrow(TransientError);
  client.destroy();
});
