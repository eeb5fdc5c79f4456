import { defineTenant } from '../../core/model/tenant.ts';
import archive from './feeds/archive.ts';
import strikes from './feeds/strikes.ts';

export default defineTenant({
  id: 'wildlife',
  name: 'Wildlife Strike Survey',
  contact: 'survey@wildlife.example',
  limits: { maxFileBytes: 10_000_000, maxFileRows: 100_000, maxMessageBytes: 10_000, messageBytesPerSecond: 8000 },
  // A season's counts come in bursts: few messages a shard, so that a burst finds more of them.
  stream: {
    shards: 1,
    retentionHours: 24,
    feed: 'strikes',
    thresholds: { messagesPerShard: 3000 },
    scaling: { maxShards: 4, maxParallel: 4, raiseAfter: 1, coolDownMinutes: 2 },
  },
  feeds: [strikes, archive],
});
