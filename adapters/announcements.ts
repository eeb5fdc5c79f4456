import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { TransientError } from '../core/model/errors.ts';
import { namesOf } from '../core/model/names.ts';
import type { Announcements } from '../core/ports.ts';

const DETAIL_TYPE = 'Sluice File Receipt';

/** Announces receipts on the account's default event bus. A rule for `{"source": ["sluice.<tenant>"]}` hears of a tenant's files. */
export const eventBridgeAnnouncements = (client: EventBridgeClient): Announcements => ({
  async announce(receipt) {
    const entry = {
      Source: namesOf(receipt.tenant).events,
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
