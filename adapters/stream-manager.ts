import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type KinesisClient,
  ListShardsCommand,
  type ListShardsCommandOutput,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis';
import {
  GetEventSourceMappingCommand,
  type LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { TransientError } from '../core/model/errors.ts';
import { sequenceOf } from '../core/model/position.ts';
import type { Acknowledged, Answer, StreamFound, Waiting } from '../core/model/stream.ts';
import type { StreamManager } from '../core/ports.ts';

export interface StreamClients {
  readonly kinesis: KinesisClient;
  readonly lambda: LambdaClient;
}

/** A stream by its name, and the event source mapping that reads it by its id. */
export interface StreamNames {
  readonly stream: string;
  readonly mapping: string;
}

/** Kinesis and Lambda as the stream manager needs them: one stream, and the mapping that reads it. */
export function streamManager(clients: StreamClients, names: StreamNames): StreamManager {
  const { kinesis, lambda } = clients;
  const { stream: StreamName, mapping: UUID } = names;
  return {
    async look(): Promise<StreamFound> {
      try {
        const [summary, mapping, open] = await Promise.all([
          kinesis.send(new DescribeStreamSummaryCommand({ StreamName })),
          lambda.send(new GetEventSourceMappingCommand({ UUID })),
          openShards(kinesis, StreamName),
        ]);
        return {
          settings: {
            shards: summary.StreamDescriptionSummary?.OpenShardCount ?? open.length,
            // Lambda leaves out what nobody has set.
            parallel: mapping.ParallelizationFactor ?? 1,
            batchSize: mapping.BatchSize ?? 100,
          },
          open,
          consuming: mapping.State !== 'Disabled' && mapping.State !== 'Disabling',
          resharding: summary.StreamDescriptionSummary?.StreamStatus !== 'ACTIVE',
        };
      } catch (cause) {
        throw worldError(cause, `looking at the stream ${StreamName}`);
      }
    },

    async waiting(shards) {
      const found: Waiting[] = [];
      // A few at a time: Kinesis answers five reads a second and shard, and these are of different shards.
      for (let at = 0; at < shards.length; at += AT_A_TIME) {
        const some = shards.slice(at, at + AT_A_TIME);
        found.push(...(await Promise.all(some.map((shard) => waitingOn(kinesis, StreamName, shard)))));
      }
      return found;
    },

    async set(lever, to) {
      try {
        if (lever === 'shards') {
          const ScalingType = 'UNIFORM_SCALING';
          await kinesis.send(new UpdateShardCountCommand({ StreamName, TargetShardCount: to, ScalingType }));
        } else {
          const change = lever === 'parallel' ? { ParallelizationFactor: to } : { BatchSize: to };
          await lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...change }));
        }
        return { kind: 'taken' };
      } catch (error) {
        return answerTo(error, `setting ${lever} of ${StreamName} to ${to}`);
      }
    },
  };
}

const AT_A_TIME = 10;

async function openShards(kinesis: KinesisClient, StreamName: string): Promise<string[]> {
  const open: string[] = [];
  let NextToken: string | undefined;
  do {
    // A token names its stream itself.
    const page: ListShardsCommandOutput = await kinesis.send(
      new ListShardsCommand(NextToken ? { NextToken } : { StreamName }),
    );
    for (const { ShardId, SequenceNumberRange } of page.Shards ?? []) {
      if (ShardId && !SequenceNumberRange?.EndingSequenceNumber) open.push(ShardId);
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return open;
}

/** Reads of an empty stretch that are followed: a shard may have gaps, and each read covers a part of it. */
const HOPS = 5;

async function waitingOn(
  kinesis: KinesisClient,
  StreamName: string,
  { shard, position, since }: Acknowledged,
): Promise<Waiting> {
  try {
    let iterator = await iteratorAt(kinesis, StreamName, shard, startOf(position, since));
    let behind = 0;
    for (let hop = 0; hop < HOPS && iterator !== undefined; hop++) {
      const read = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1 }));
      const arrivedAt = read.Records?.[0]?.ApproximateArrivalTimestamp;
      if (arrivedAt) return { shard, arrivedAt, drained: false };
      behind = read.MillisBehindLatest ?? 0;
      iterator = read.NextShardIterator;
      if (behind === 0 && iterator !== undefined) break;
    }
    const arrivedAt = behind === 0 ? null : new Date(Date.now() - behind);
    return { shard, arrivedAt, drained: iterator === undefined };
  } catch (error) {
    // A closed shard is forgotten when the stream's retention has passed, with all that was in it.
    if ((error as Error).name === 'ResourceNotFoundException') return { shard, arrivedAt: null, drained: true };
    throw worldError(error, `reading the shard ${shard} of ${StreamName}`);
  }
}

type Start = Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'StartingSequenceNumber' | 'Timestamp'>;

const startOf = (position: string | null, since: number): Start =>
  position === null
    ? { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(since) }
    : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: sequenceOf(position) };

async function iteratorAt(
  kinesis: KinesisClient,
  StreamName: string,
  ShardId: string,
  start: Start,
): Promise<string | undefined> {
  try {
    return (await kinesis.send(new GetShardIteratorCommand({ StreamName, ShardId, ...start }))).ShardIterator;
  } catch (error) {
    // A position of another stream of that name, which has been deleted: of this one nothing is acknowledged.
    if ((error as Error).name !== 'InvalidArgumentException' || start.ShardIteratorType === 'TRIM_HORIZON') throw error;
    return iteratorAt(kinesis, StreamName, ShardId, { ShardIteratorType: 'TRIM_HORIZON' });
  }
}

/** What passes by itself; the others would be refused again. */
const LATER = new Set([
  'ResourceInUseException',
  'ResourceConflictException',
  'LimitExceededException',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'ServiceException',
]);
const REFUSED = new Set([
  'InvalidArgumentException',
  'InvalidParameterValueException',
  'ValidationException',
  'AccessDeniedException',
]);

function answerTo(error: unknown, doing: string): Answer {
  const { name, message } = error as Error;
  const why = `${name}: ${message}`;
  if (LATER.has(name)) return { kind: 'later', why };
  if (REFUSED.has(name)) return { kind: 'refused', why };
  throw worldError(error, doing);
}

const worldError = (cause: unknown, doing: string): TransientError =>
  new TransientError('SLU-5002', `${doing}: ${(cause as Error).message}`, { cause });
