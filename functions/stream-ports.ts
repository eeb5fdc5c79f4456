import { LambdaClient } from '@aws-sdk/client-lambda';
import { eventBridgeAlerts } from '../adapters/announcements.ts';
import { streamManager } from '../adapters/stream-manager.ts';
import { environment } from '../core/model/environment.ts';
import { events, kinesis, requireEnv } from './world.ts';

/** A file of its own, so that the other functions do not carry Lambda's client along. */
const lambda = new LambdaClient();

/** What the monitor needs besides the tenant's world. */
export const streamPortsOf = () => ({
  manager: streamManager(
    { kinesis, lambda },
    { stream: requireEnv(environment.stream), mapping: requireEnv(environment.mapping) },
  ),
  alerts: eventBridgeAlerts(events),
});
