import { hoursText } from '../core/control/admission.ts';
import { policyOf } from '../core/control/policy.ts';
import { functionsOf } from '../core/model/bundle.ts';
import { capped } from '../core/model/capped.ts';
import { extensionsOf, settingsOf } from '../core/model/formats.ts';
import { type Contract, type Feed, keyspaces, type Limits, type StreamSettings } from '../core/model/tenant.ts';
import { checkoutOf, type Deployed, deployedNamed, deployedTenants, versionNote } from './deployed.ts';
import { bytes, percent, type Result, table, type Ui } from './ui.ts';
import { inWorld, type OperatorWorld } from './world.ts';

/** `sluice tenant list`: who is deployed, and whether this checkout is what is deployed. */
export const runTenantList = (): Promise<Result> =>
  inWorld(async (world) => {
    const all = await deployedTenants(world, undefined);
    const data = all.map((deployed) => {
      const { id, name, feeds } = deployed.tenant;
      const checkout = checkoutOf(deployed);
      return {
        tenant: id,
        name,
        feeds: feeds.map((feed) => feed.name),
        version: deployed.version,
        since: deployed.since,
        checkout,
      };
    });
    const rows = data.map(({ tenant, name, feeds, version, since, checkout }) => [
      tenant,
      name,
      feeds.join(', '),
      version,
      since.slice(0, 19),
      checkout.same === null ? 'not in this checkout' : checkout.same ? 'same' : `differs: ${checkout.version}`,
    ]);
    return { data, lines: table([['tenant', 'name', 'feeds', 'version', 'since', 'this checkout'], ...rows]) };
  });

/** `sluice tenant show`: everything that a tenant is called, and what its deployed profile grants. */
export const runTenantShow = (id: string, ui: Ui): Promise<Result> =>
  inWorld(async (world) => {
    const deployed = await deployedNamed(world, id);
    const note = versionNote(deployed);
    if (note) ui.note(note);
    const names = { ...world.names(id), keyspaces: keyspaces(id) };
    const { version, since, profile } = deployed;
    return { data: { tenant: id, version, since, names, profile }, lines: linesOf(deployed, world.names(id)) };
  });

function linesOf({ tenant, version, since }: Deployed, names: ReturnType<OperatorWorld['names']>): string[] {
  const { id, name, contact, limits, stream, hours, feeds } = tenant;
  const all = capped(limits);
  const day = ['files', 'bytes', 'rows'] as const;
  const perDay = day.map((what) => `${many(all[`${what}PerDay`], limits[`${what}PerDay`] === undefined)} ${what}`);
  const facts: string[][] = [
    ['tenant', `${id}  ${name} <${contact}>`],
    ['profile', `version ${version}, deployed since ${since.slice(0, 19)}Z`],
    [
      'files',
      `at most ${bytes(all.maxFileBytes)} and ${all.maxFileRows.toLocaleString('en-US')} rows; ${hours ? hoursText(hours) : 'at any time'}`,
    ],
    ['a day', perDay.join(', ')],
    ['at once', `${many(all.filesAtOnce, limits.filesAtOnce === undefined)} files`],
    ['an upload', `${many(all.filesPerUpload, limits.filesPerUpload === undefined)} files`],
    [
      'messages',
      `at most ${bytes(all.maxMessageBytes)}; ${stream.shards} shard, kept ${stream.retentionHours} h; feed ${stream.feed}`,
    ],
    ['their quota', messageLimits(limits, stream)],
    ['their stream', scalingText(stream)],
    [],
    ['staging', `s3://${names.staging}/<feed>/…`],
    ['rejects', `s3://${names.rejects}/rejects/… and receipts/…`],
    ['stream', names.stream],
    ['queue', names.queue],
    ['dead letters', names.deadLetters],
    [
      'functions',
      functionsOf(id)
        .map((each) => each.name)
        .join(', '),
    ],
    ['keyspaces', Object.values(keyspaces(id)).join(' (rows), ').concat(' (ledger)')],
    ['secret', names.secret],
    ['stack', names.stack],
  ];
  const rows = feeds.map((feed) => [
    feed.name,
    feed.formats.flatMap(extensionsOf).join(' '),
    feed.table.name,
    String(feed.priority ?? 0),
    feed.sameContent ?? 'load',
    feed.overwrite ?? 'upsert',
    feed.hours ? hoursText(feed.hours) : '-',
    errorsText(feed.errors),
  ]);
  const head = [
    'feed',
    'takes',
    'table',
    'priority',
    'same content',
    'overwritten key',
    'hours of its own',
    'bad records',
  ];
  return [...table(facts), '', ...table([head, ...rows]), ...formatLines(feeds), ...ruleLines(feeds)];
}

function ruleLines(feeds: readonly Feed[]): string[] {
  const rules = feeds.flatMap(({ name: feed, quality = [] }) =>
    quality.map(({ name: rule, severity, description }) => [feed, rule, severity, description]),
  );
  const columns = feeds.flatMap(({ name: feed, contract }) => (contract ? [[feed, ...contractCells(contract)]] : []));
  return [
    ...(rules.length === 0 ? [] : ['', ...table([['feed', 'rule', 'severity', 'what it wants'], ...rules])]),
    ...(columns.length === 0 ? [] : ['', ...table([['feed', 'requires', 'may have', 'others'], ...columns])]),
  ];
}

/** What feeds say of their formats beyond the names. */
function formatLines(feeds: readonly Pick<Feed, 'name' | 'formats'>[]): string[] {
  const rows = feeds.flatMap(({ name, formats }) =>
    formats.map(settingsOf).flatMap((settings) => {
      const { format, extensions: _, ...others } = settings;
      const shown = Object.entries(others).map(([setting, value]) => `${setting} ${JSON.stringify(value)}`);
      return shown.length === 0 ? [] : [[name, format, extensionsOf(settings).join(' '), shown.join(', ')]];
    }),
  );
  return rows.length === 0 ? [] : ['', ...table([['feed', 'format', 'files', 'settings'], ...rows])];
}

function messageLimits(limits: Limits, { overQuota = 'reject' }: StreamSettings): string {
  const { messagesPerDay, messageBytesPerDay, messageBytesPerSecond } = limits;
  const named = [
    ...(messagesPerDay === undefined ? [] : [`${messagesPerDay.toLocaleString('en-US')} messages a day`]),
    ...(messageBytesPerDay === undefined ? [] : [`${bytes(messageBytesPerDay)} a day`]),
    ...(messageBytesPerSecond === undefined ? [] : [`${bytes(messageBytesPerSecond)} a second`]),
  ];
  if (named.length === 0) return 'no limit';
  return `${named.join(', ')}; what is over it is ${overQuota === 'keep' ? 'kept until there is room' : 'rejected'}`;
}

function errorsText(errors: Feed['errors'] = 'continue'): string {
  if (errors === 'continue') return 'left out';
  if (errors === 'skip-file') return 'none loaded if any';
  const { count, share } = errors.threshold;
  const most = [...(count === undefined ? [] : [`${count}`]), ...(share === undefined ? [] : [percent(share, 1)])];
  return `at most ${most.join(' and ')}`;
}

const contractCells = ({ required = [], optional = [], unknown = 'ignore' }: Contract): string[] => [
  namesText(required),
  namesText(optional),
  typeof unknown === 'object' ? `kept in ${unknown.rescue}` : unknown === 'reject' ? 'rejected' : 'ignored',
];

/** So much of a list that a table stays one; `--json` has all of it. */
const namesText = (names: readonly string[]): string => {
  const text = names.join(', ') || '-';
  return text.length > 60 ? `${text.slice(0, 59)}… (${names.length})` : text;
};

/** A limit that the profile does not name is the platform's own. */
const many = (value: number, own: boolean): string => `${value.toLocaleString('en-US')}${own ? ' (platform)' : ''}`;

/** What the stream manager may set, and from where on it does. */
function scalingText(stream: StreamSettings): string {
  const { manages, least, most, thresholds, periodMinutes } = policyOf(stream);
  const { lagSeconds, averageMilliseconds, messagesPerShard, bytesPerShard } = thresholds;
  const may = manages
    ? `${least.shards} to ${most.shards} shards, at most ${most.parallel} parallel batches of ${most.batchSize}`
    : 'watched, not scaled';
  return `${may}; each ${periodMinutes} min from ${lagSeconds} s of lag, ${averageMilliseconds} ms on average, ${messagesPerShard.toLocaleString('en-US')} messages or ${bytes(bytesPerShard)} a minute and shard on`;
}
