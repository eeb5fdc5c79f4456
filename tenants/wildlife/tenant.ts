import { defineTenant } from '../../core/model/tenant.ts';
import archive from './feeds/archive.ts';
import strikes from './feeds/strikes.ts';

export default defineTenant({
  id: 'wildlife',
  name: 'Wildlife Strike Survey',
  contact: 'survey@wildlife.example',
  limits: { maxFileBytes: 10_000_000, maxFileRows: 100_000, maxMessageBytes: 10_000, messageBytesPerSecond: 8000 },
  stream: { shards: 1, retentionHours: 24, feed: 'strikes' },
  feeds: [strikes, archive],
});
