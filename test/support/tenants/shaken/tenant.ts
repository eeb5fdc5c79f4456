import { defineTenant } from '../../../../core/model/tenant.ts';
import flights from '../../../../tenants/aviation/feeds/flights.ts';

/** A tenant of the tests whose functions are killed: real flights, in keyspaces and buckets of its own. */
export default defineTenant({
  id: 'shaken',
  name: 'Shaken',
  contact: 'tests@shaken.example',
  limits: { maxFileBytes: 10_000_000, maxFileRows: 100_000, maxMessageBytes: 1000, messagesPerDay: 1_000_000 },
  stream: { shards: 2, retentionHours: 24, feed: 'flights' },
  feeds: [flights],
});
