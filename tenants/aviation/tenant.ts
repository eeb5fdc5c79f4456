import { defineTenant } from '../../core/model/tenant.ts';
import airports from './feeds/airports.ts';
import flights from './feeds/flights.ts';

export default defineTenant({
  id: 'aviation',
  name: 'Aviation Delay Research',
  contact: 'data@aviation.example',
  limits: { maxFileBytes: 500_000_000, maxFileRows: 5_000_000, maxMessageBytes: 10_000 },
  stream: {
    shards: 1,
    retentionHours: 24,
    feed: 'flights',
    // Low enough for a burst that a laptop can send; a shard takes seven times as many.
    thresholds: { messagesPerShard: 8000 },
    scaling: { maxShards: 4, raiseAfter: 1, coolDownMinutes: 1 },
  },
  feeds: [flights, airports],
});
