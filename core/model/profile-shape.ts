import * as z from 'zod';
import { caps } from './caps.ts';
import { formatKeys, formatShape } from './format-shape.ts';
import { severities } from './quality.ts';

/** What a profile is made of, as plain data; what its parts mean to each other is in profile.ts. */

const whole = (min: number, max: number) => z.int().min(min).max(max);
const words = z.string().trim().min(1);
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 08:30');

const table = z.strictObject({
  name: z.string(),
  columns: z.record(z.string(), z.unknown()),
  partitionKey: z.array(z.string()),
  clusteringKey: z.array(z.string()),
  ttl: whole(0, caps.ttl),
  out: z.undefined().optional(),
});

const hours = z.union(
  [z.strictObject({ from: timeOfDay, to: timeOfDay }), z.strictObject({ cron: words, minutes: whole(1, 7 * 24 * 60) })],
  '{from, to} or {cron, minutes}',
);

const contract = z.strictObject({
  required: z.array(words).optional(),
  optional: z.array(words).optional(),
  unknown: z
    .union(
      [z.enum(['ignore', 'reject']), z.strictObject({ rescue: z.string() })],
      'ignore, reject or { rescue: a column }',
    )
    .optional(),
});

const threshold = z
  .strictObject({ count: whole(0, caps.maxFileRows).optional(), share: z.number().min(0).max(1).optional() })
  .refine(
    ({ count, share }) => count !== undefined || share !== undefined,
    'a threshold with a count, a share, or both',
  );

const code = z.custom((value) => typeof value === 'function', 'a function');

/** Of a rule on records or on files; profile-quality.ts says which parts belong together. */
const rule = z.strictObject({
  name: z.string(),
  description: words,
  severity: z.enum(severities),
  column: z.string().optional(),
  record: code.optional(),
  row: code.optional(),
  file: z
    .strictObject({
      minRows: whole(1, caps.maxFileRows).optional(),
      unique: z.array(z.string()).optional(),
      nullsIn: z.string().optional(),
      maxShare: z.number().min(0).max(1).optional(),
      newestOf: z.string().optional(),
      maxAgeHours: z.number().min(0).optional(),
    })
    .optional(),
});

const feed = z.strictObject({
  name: z.string(),
  description: words,
  formats: z.array(formatShape).min(1),
  table,
  priority: whole(-1000, 1000).optional(),
  sameContent: z.enum(['load', 'skip']).optional(),
  overwrite: z.enum(['upsert', 'replace']).optional(),
  hours: hours.optional(),
  contract: contract.optional(),
  errors: z
    .union([z.enum(['continue', 'skip-file']), z.strictObject({ threshold })], 'continue, skip-file or { threshold }')
    .optional(),
  quality: z.array(rule).max(caps.rulesPerFeed).optional(),
  transform: code,
});

const limits = z.strictObject({
  maxFileBytes: whole(1, caps.maxFileBytes),
  maxFileRows: whole(1, caps.maxFileRows),
  maxMessageBytes: whole(1, caps.maxMessageBytes),
  filesPerDay: whole(1, caps.filesPerDay).optional(),
  bytesPerDay: whole(1, caps.bytesPerDay).optional(),
  rowsPerDay: whole(1, caps.rowsPerDay).optional(),
  filesAtOnce: whole(1, caps.filesAtOnce).optional(),
  filesPerUpload: whole(1, caps.filesPerUpload).optional(),
  messagesPerDay: whole(1, caps.messagesPerDay).optional(),
  messageBytesPerDay: whole(1, caps.messageBytesPerDay).optional(),
  messageBytesPerSecond: whole(1, caps.messageBytesPerSecond).optional(),
});

const count = whole(1, Number.MAX_SAFE_INTEGER).optional();

const thresholds = z.strictObject({
  averageMilliseconds: count,
  lagSeconds: count,
  messagesPerShard: count,
  bytesPerShard: count,
  databaseMilliseconds: count,
});

const scaling = z.strictObject({
  minShards: whole(1, caps.shards).optional(),
  maxShards: whole(1, caps.shards).optional(),
  maxParallel: whole(1, caps.parallelBatches).optional(),
  maxBatch: whole(1, caps.batchSize).optional(),
  raiseAfter: whole(1, 60).optional(),
  lowerAfter: whole(1, 60).optional(),
  coolDownMinutes: whole(1, 24 * 60).optional(),
});

const stream = z.strictObject({
  shards: whole(1, caps.shards),
  retentionHours: whole(24, caps.retentionHours),
  feed: z.string(),
  overQuota: z.enum(['reject', 'keep']).optional(),
  batchSize: whole(1, caps.batchSize).optional(),
  periodMinutes: z
    .int()
    .refine((minutes) => minutes >= 1 && 60 % minutes === 0, 'a divisor of 60, such as 1, 5 or 15')
    .optional(),
  thresholds: thresholds.optional(),
  scaling: scaling.optional(),
});

export const profileShape = z.strictObject({
  id: z.string(),
  name: words,
  contact: words,
  limits,
  stream,
  hours: hours.optional(),
  feeds: z.array(feed).min(1),
});

/** The keys that are known at a place of the profile, whatever the index; `value` is what stands there. */
export function knownKeys(path: readonly PropertyKey[], value: unknown): readonly string[] {
  const place = path.map((part) => (typeof part === 'number' ? '*' : String(part))).join('.');
  if (place === 'feeds.*.formats.*') return formatKeys(value);
  const shapes: Readonly<Record<string, object>> = {
    '': profileShape.shape,
    limits: limits.shape,
    stream: stream.shape,
    'stream.thresholds': thresholds.shape,
    'stream.scaling': scaling.shape,
    hours: { from: 0, to: 0, cron: 0, minutes: 0 },
    'feeds.*.hours': { from: 0, to: 0, cron: 0, minutes: 0 },
    'feeds.*': feed.shape,
    'feeds.*.table': table.shape,
    'feeds.*.contract': contract.shape,
    'feeds.*.contract.unknown': { rescue: 0 },
    'feeds.*.errors': { threshold: 0 },
    'feeds.*.errors.threshold': threshold.shape,
    'feeds.*.quality.*': rule.shape,
    'feeds.*.quality.*.file': rule.shape.file.unwrap().shape,
  };
  return Object.keys(shapes[place] ?? {}).filter((name) => name !== 'out');
}
