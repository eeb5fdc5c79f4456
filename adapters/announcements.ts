import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { TransientError } from '../core/model/errors.ts';
import { namesOf } from '../core/model/names.ts';
import type { Alerts, Announcements } from '../core/ports.ts';

/** Announces receipts on the account's default event bus. A rule for `{"source": ["sluice.<tenant>"]}` hears of a tenant's files. */
export const eventBridgeAnnouncements = (client: EventBridgeClient): Announcements => ({
  announce: (receipt) =>
    put(client, receipt.tenant, 'Sluice File Receipt', receipt, [receipt.object], `the receipt of ${receipt.run}`),
});

/** Announces what is wrong with a tenant's stream, under the same source. */
export const eventBridgeAlerts = (client: EventBridgeClient): Alerts => ({
  alert: (alert) => put(client, alert.tenant, 'Sluice Stream Alert', alert, [], `the alert ${alert.code}`),
});

async function put(
  client: EventBridgeClient,
  tenant: string,
  DetailType: string,
  detail: object,
  Resources: string[],
  what: string,
): Promise<void> {
  const entry = { Source: namesOf(tenant).events, DetailType, Detail: JSON.stringify(detail), Resources };
  try {
    const { FailedEntryCount, Entries } = await client.send(new PutEventsCommand({ Entries: [entry] }));
    if (FailedEntryCount) throw new Error(Entries?.[0]?.ErrorMessage ?? 'EventBridge refused the event');
  } catch (cause) {
    throw new TransientError('SLU-5002', `announcing ${what}: ${(cause as Error).message}`, { cause });
  }
}
