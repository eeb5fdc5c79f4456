import { PutRecordsCommand, type PutRecordsCommandOutput } from '@aws-sdk/client-kinesis';

/** What is asked of a client; `KinesisClient` is one. */
export interface PutRecordsClient {
  send(command: PutRecordsCommand, options?: { abortSignal?: AbortSignal }): Promise<PutRecordsCommandOutput>;
}

/**
 * What Kinesis said to one record. `throttled` and `passing` are worth another try, `refused` is not; `maybe`: there was no answer, so that
 * the record may be in the stream all the same.
 */
export type Answer =
  | { readonly kind: 'taken'; readonly shard: string; readonly sequenceNumber: string }
  | {
      readonly kind: 'throttled' | 'passing' | 'refused';
      readonly code: string;
      readonly message: string;
      readonly maybe: boolean;
    };

/** Milliseconds after which a call counts as lost; Kinesis answers within seconds or not at all. */
const PATIENCE = 30_000;

/** Puts records by one call and answers what became of each, in their order. It never throws. */
export async function put(
  client: PutRecordsClient,
  stream: string,
  records: readonly { readonly key: string; readonly data: Uint8Array }[],
  signal: AbortSignal,
): Promise<Answer[]> {
  const Records = records.map(({ key, data }) => ({ PartitionKey: key, Data: data }));
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PATIENCE);
  try {
    const abortSignal = AbortSignal.any([late.signal, signal]);
    const answer = await client.send(new PutRecordsCommand({ StreamName: stream, Records }), { abortSignal });
    return records.map((_, index) => answerOf(answer.Records?.[index]));
  } catch (error) {
    const told = troubleOf(error as Error, late.signal.aborted);
    return records.map(() => told);
  } finally {
    clearTimeout(timer);
  }
}

/** Of the whole call when it comes as an error, of a single record when it comes as its code. */
const THROTTLED = /Throttl|ThroughputExceeded|LimitExceeded|TooManyRequests/;
/** Client's faults by name that mend themselves: the SDK gets new credentials, or sets its clock. */
const MENDED = /Expired|TimeTooSkewed|RequestTimeout/;

function answerOf(result: NonNullable<PutRecordsCommandOutput['Records']>[number] | undefined): Answer {
  const { SequenceNumber, ShardId, ErrorCode, ErrorMessage } = result ?? {};
  if (SequenceNumber && !ErrorCode) return { kind: 'taken', shard: ShardId ?? '', sequenceNumber: SequenceNumber };
  const code = ErrorCode ?? 'NoAnswer';
  const message = ErrorMessage ?? 'Kinesis did not say what became of the record';
  return { kind: THROTTLED.test(code) ? 'throttled' : 'passing', code, message, maybe: result === undefined };
}

function troubleOf(error: Error & { $metadata?: { httpStatusCode?: number } }, late: boolean): Answer {
  const status = error.$metadata?.httpStatusCode;
  const told = { code: error.name, message: late ? `no answer within ${PATIENCE / 1000} s` : error.message };
  if (THROTTLED.test(error.name) || status === 429) return { kind: 'throttled', ...told, maybe: false };
  if (error.name === 'CredentialsProviderError') return { kind: 'refused', ...told, maybe: false };
  // Without a status there was no answer; with 5xx a part of the records may be stored.
  if (status === undefined || status >= 500) return { kind: 'passing', ...told, maybe: true };
  return { kind: MENDED.test(error.name) ? 'passing' : 'refused', ...told, maybe: false };
}
