import { LambdaClient } from '@aws-sdk/client-lambda';
import { s3FailedBatches } from '../adapters/failed-batches.ts';
import { lambdaLoader } from '../adapters/orders.ts';
import { namesOf } from '../core/model/names.ts';
import { s3, streamOf } from './world.ts';

/** Whoever asks a function asks it again himself: the SDK would ask while it still works. */
const lambda = new LambdaClient({ maxAttempts: 1 });

/** Milliseconds that `tick` waits for an answer of `ingest-stream`: it has two minutes itself. */
const ANSWER = 45_000;

/** What `tick` needs besides the tenant's world to bring messages back. */
export const messagePortsOf = (tenantId: string, rejectsBucket: string) => ({
  failed: s3FailedBatches(s3, rejectsBucket),
  loader: lambdaLoader(lambda, namesOf(tenantId).ingestStream, ANSWER),
  identity: streamOf,
});
