import type { Random } from '../../core/faults/random.ts';
import { range, unique } from '../../core/model/quality.ts';
import { defineFeed, type Feed, type Tenant } from '../../core/model/tenant.ts';
import { WINDOW } from '../../core/pipeline/ingest.ts';
import { limits, readings, readingsTable, tenantOf } from '../support/tenant.ts';

/** What becomes of a version when nothing is in its way. */
export type Fate = 'loaded' | 'partial' | 'refused';

export interface Upload {
  /** Seconds after the upload before. */
  readonly wait: number;
  readonly key: string;
  readonly content: string;
  readonly fate: Fate;
  /** Seconds after the upload at which S3's event comes, as often as there are; none when it is lost. */
  readonly events: readonly number[];
}

/** What happens to a platform from outside: a tenant, its uploads, and how much goes wrong. */
export interface Story {
  readonly tenant: Tenant;
  readonly start: number;
  readonly uploads: readonly Upload[];
  /** Seconds that a call of a port takes at most. */
  readonly slowness: number;
  /** How likely a fault is at a call, and how many there are at most. */
  readonly risk: number;
  readonly most: number;
  /** Invocations at one time. */
  readonly atOnce: number;
  /** From how many bytes on files are worked on in parts, of how many, by how many at one time, and for how many seconds each; absent: none is. */
  readonly large?: {
    readonly from: number;
    readonly partBytes: number;
    readonly workers: number;
    readonly slice: number;
  };
}

const MAX_ROWS = 60;

/** A line is a record: such files can be cut anywhere. */
const formats = [{ format: 'csv', multiline: false }, 'ndjson'] as const;

export const feedsThat = (sameContent: 'skip' | 'load'): readonly Feed[] => [
  defineFeed({ ...readings, priority: 1 }),
  defineFeed({ ...readings, formats, name: 'events', table: { ...readingsTable, name: 'events' }, sameContent }),
  defineFeed({
    ...readings,
    formats,
    name: 'strict',
    table: { ...readingsTable, name: 'strict' },
    errors: 'skip-file',
    quality: [unique([], 'warn'), range('value', { max: 4 }, 'warn')],
  }),
  defineFeed({
    ...readings,
    formats,
    name: 'states',
    table: { ...readingsTable, name: 'states' },
    overwrite: 'replace',
  }),
];

export const tenantWith = (changes: Partial<Tenant>): Tenant => ({ ...tenantOf({}, feedsThat('skip')), ...changes });

/** In a story about large files nearly all of them are worked on in parts. */
export function storyOf(random: Random, about: 'files' | 'large files' = 'files'): Story {
  const large = random.chance(0.06);
  const tenant = tenantWith({
    limits: {
      ...limits,
      maxFileRows: large ? 50_000 : MAX_ROWS,
      ...(random.chance(0.6) && { filesAtOnce: 1 + random.below(3) }),
      ...(random.chance(0.5) && { filesPerDay: 3 + random.below(5) }),
      ...(random.chance(0.3) && !large && { rowsPerDay: 80 + random.below(100) }),
    },
    ...(random.chance(0.2) && { hours: { from: '01:00', to: '23:30' } }),
  });
  const all = shuffled(random, [
    ...Array.from({ length: 2 + random.below(4) }, (_, index) => versionsOf(random, `${index}`)).flat(),
    ...(random.chance(0.4) ? [refused(random)] : []),
    ...(large ? [upload(random, 'readings/large.csv', csv('large', WINDOW + 40, 0), 'loaded')] : []),
  ]);
  const place = random.below(all.length);
  const uploads = random.chance(0.5) ? all.toSpliced(place, 0, ...twins(random)) : all;
  return {
    tenant,
    // Often not long before midnight, when quotas begin anew.
    start: Date.parse(random.chance(0.4) ? '2026-01-02T23:50:00Z' : '2026-01-02T09:00:00Z') + random.below(600_000),
    uploads,
    slowness: random.pick([0.02, 0.5, 4]),
    risk: random.pick([0.01, 0.04, 0.12]),
    most: 1 + random.below(12),
    atOnce: 1 + random.below(4),
    ...(about === 'large files' && {
      large: {
        from: random.pick([1, 60]),
        partBytes: random.pick([30, 60, 120, 400]),
        workers: 1 + random.below(4),
        slice: random.pick([1, 8, 60]),
      },
      // Each part takes some twenty calls.
      slowness: random.pick([0.02, 0.2, 1]),
      atOnce: 2 + random.below(3),
    }),
  };
}

/** One key, put once or several times: each version has rows of the one before, changed, rows of its own, and lacks others. */
function versionsOf(random: Random, name: string): Upload[] {
  const feed = random.pick(['readings', 'readings', 'events', 'states', 'states', 'strict']);
  const ending = random.pick(['csv', 'ndjson']);
  const versions = random.pick([1, 1, 2, 3]);
  return Array.from({ length: versions }, (_, version) => {
    const fate = random.pick<Fate>(['loaded', 'loaded', 'partial']);
    const rows = 2 + random.below(12);
    const make = ending === 'csv' ? csv : ndjson;
    const content = make(name, rows, version, fate === 'partial');
    return upload(
      random,
      `${feed}/${name}.${ending}`,
      content,
      feed === 'strict' && fate === 'partial' ? 'refused' : fate,
    );
  });
}

/** Files of one content, of which the feed loads one; often they come at the same moment. */
function twins(random: Random): Upload[] {
  const content = csv('twin', 5, 0);
  const names = random.pick([
    ['a', 'b'],
    ['a', 'b', 'c'],
  ]);
  const together = random.chance(0.6);
  return names.map((name) => {
    const twin = upload(random, `events/twin-${name}.csv`, content, 'loaded');
    return together ? { ...twin, wait: 0, events: [0] } : twin;
  });
}

function refused(random: Random): Upload {
  const [key, content] = random.pick([
    ['nowhere/a.csv', 'sensor,at\na,1\n'],
    ['readings/a.txt', 'sensor,at\na,1\n'],
    ['readings/empty.csv', ''],
    ['readings/header.csv', 'sensor,sensor\na,1\n'],
    ['states/long.csv', csv('long', 50_001, 0)],
  ] as const);
  return upload(random, key, content, 'refused');
}

const upload = (random: Random, key: string, content: string, fate: Fate): Upload => ({
  wait: random.pick([0, 0.3, 2, 30, 200]),
  key,
  content,
  fate,
  events: Array.from({ length: random.pick([0, 1, 1, 1, 2, 3]) }, () => random.pick([0, 0.1, 3, 90, 700])),
});

const shuffled = (random: Random, uploads: readonly Upload[]): Upload[] =>
  uploads
    .map((one) => ({ one, place: random.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ one }) => one);

/** Versions go on two rows further each; the last row has the key of the one before it. */
function records(name: string, rows: number, version: number, partial: boolean) {
  return Array.from({ length: rows }, (_, index) => ({
    sensor: name,
    at: 2 * version + Math.min(index, rows - 2),
    value: version * 100 + index,
    do: partial && index % 3 === 1 ? 'reject' : index % 5 === 4 ? 'drop' : index % 7 === 6 ? 'twice' : `n${version}`,
  }));
}

function csv(name: string, rows: number, version: number, partial = false): string {
  const lines = records(name, rows, version, partial).map((row) => `${row.sensor},${row.at},${row.value},${row.do}`);
  return `sensor,at,value,do\n${lines.join('\n')}\n`;
}

const ndjson = (name: string, rows: number, version: number, partial = false): string =>
  records(name, rows, version, partial)
    .map((row) => JSON.stringify(row))
    .join('\n');

/** Two versions of a file, and a file whose event is lost. */
export const calmStory: Story = {
  tenant: tenantWith({ limits: { ...limits, filesAtOnce: 1, filesPerDay: 5 } }),
  start: Date.parse('2026-01-02T09:00:00Z'),
  uploads: [
    { wait: 0, key: 'states/a.csv', content: csv('a', 12, 0, true), fate: 'partial', events: [0, 40] },
    { wait: 30, key: 'states/a.csv', content: csv('a', 9, 1), fate: 'loaded', events: [0] },
    { wait: 0, key: 'events/b.ndjson', content: ndjson('b', 3, 0), fate: 'loaded', events: [] },
  ],
  slowness: 2,
  risk: 0,
  most: 0,
  atOnce: 2,
};

/** Two files of one content that come at the very same moment, and are worked on side by side. */
export const twinStory: Story = {
  ...calmStory,
  tenant: tenantWith({ limits }),
  uploads: ['a', 'b'].map((name) => ({
    wait: 0,
    key: `events/twin-${name}.csv`,
    content: csv('twin', 5, 0, true),
    fate: 'partial',
    events: [0],
  })),
};
