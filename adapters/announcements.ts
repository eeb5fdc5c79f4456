import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { TransientError } from '../core/model/errors.ts';
import type { Announcements } from '../core/ports.ts';

/** What a rule of EventBridge matches to hear of a tenant's files: `{"source": ["sluice"], "detail": {"tenant": ["…"]}}`. */
const SOURCE = 'sluice';
const DETAIL_TYPE = 'Sluice File Receipt';

/** Announces receipts on the account's default event bus. */
export const eventBridgeAnnouncements = (client: EventBridgeClient): Announcements => ({
  async announce(receipt) {
    const entry = {
      Source: SOURCE,
      DetailType: DETAIL_TYPE,
      Detail: JSON.stringify(receipt),
      Resources: [receipt.object],
    };
    try {
      const { FailedEntryCount, Entries } = await client.send(new PutEventsCommand({ Entries: [entry] }));
      if (FailedEntryCount) throw new Error(Entries?.[0]?.ErrorMessage ?? 'EventBridge refused the event');
    } catch (cause) {
      throw new TransientError('SLU-5002', `announcing the receipt of ${receipt.run}: ${(cause as Error).message}`, {
        cause,
      });
    }
  },
});
