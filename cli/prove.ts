import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Client } from 'cassandra-driver';
import { canLogin, connect } from '../adapters/cassandra/client.ts';
import { applySchema, removeSchema, replicationOf } from '../adapters/cassandra/schema.ts';
import type { Feed, Tenant } from '../core/model/tenant.ts';
import { localCassandraLogin } from '../local/cassandra.ts';
import { loadSettings } from '../local/settings.ts';
import { requireStack } from '../local/stack.ts';
import { CliError } from './errors.ts';
import { tenantNamed } from './names.ts';
import { loadForProof, type Proof } from './prove-load.ts';
import { type Result, table, type Ui } from './ui.ts';

export interface ProveOptions {
  readonly faults?: string | undefined;
  readonly seed?: string | undefined;
}

/**
 * `sluice prove <tenant> <feed> <file>`: loads a file twice, once undisturbed and once with faults, into keyspaces of its own, and shows that the rows are
 * the same.
 */
export const runProve = async (
  id: string,
  feedName: string,
  file: string,
  options: ProveOptions,
  ui: Ui,
): Promise<Result> => {
  const { tenant, feed } = chosen(id, feedName);
  if (!existsSync(file)) throw new CliError('SLU-4003', `there is no file ${file}`);
  const count = numberOf('--faults', options.faults ?? '20');
  const seed = numberOf('--seed', options.seed ?? String(randomBytes(4).readUInt32BE()));
  const settings = loadSettings();
  await requireStack(settings);
  const address = { contactPoints: ['127.0.0.1'], port: settings.cassandraPort, datacenter: 'datacenter1' };
  const client = connect(address, localCassandraLogin);
  const load = (faults: number) =>
    inKeyspaces(
      client,
      tenant,
      (login) => canLogin(address, login),
      (own) => loadForProof(client, own, { file, key: `${feed.name}/${basename(file)}`, count: faults, seed }),
    );
  try {
    ui.progress('calm', 'loading undisturbed');
    const calm = await load(0);
    ui.progress('shaken', `loading with up to ${count} faults, seed ${seed}`);
    const shaken = await load(count);
    const same = isSame(calm, shaken);
    const lines = [...linesOf(calm, shaken), '', ...strikes(shaken), '', same ? SAME : DIFFERENT];
    return { data: { same, seed, calm, shaken }, lines, ...(!same && { exit: 'failed' as const }) };
  } finally {
    await client.shutdown();
  }
};

const SAME = 'the same: rows, counts and quota do not show what has happened';
const DIFFERENT = 'DIFFERENT: report it together with the file and the seed';

const isSame = (one: Proof, other: Proof): boolean => JSON.stringify(essence(one)) === JSON.stringify(essence(other));
const essence = ({ run, digest, rows, usage }: Proof) => [run.state, run.counts, run.digest, digest, rows, usage];

function chosen(id: string, name: string): { tenant: Tenant; feed: Feed } {
  const tenant = tenantNamed(id);
  const feed = tenant.feeds.find((each) => each.name === name);
  if (feed) return { tenant, feed };
  const names = tenant.feeds.map((each) => each.name).join(', ');
  throw new CliError('SLU-4002', `tenant ${id} has no feed "${name}"`, { details: [`feeds: ${names}`] });
}

function numberOf(option: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new CliError('SLU-4003', `${option}: "${text}" is not a whole number`);
}

/** The tenant under a name that nobody else has, for as long as the work takes; neither hours nor quotas keep its file waiting. */
async function inKeyspaces<T>(
  client: Client,
  tenant: Tenant,
  known: Parameters<typeof applySchema>[3],
  work: (own: Tenant) => Promise<T>,
): Promise<T> {
  const { hours: _, ...always } = tenant;
  const { maxFileBytes, maxFileRows, maxMessageBytes } = tenant.limits;
  const own: Tenant = {
    ...always,
    id: `prove${randomBytes(6).toString('hex')}`,
    limits: { maxFileBytes, maxFileRows, maxMessageBytes },
    feeds: tenant.feeds.map(({ hours: __, ...feed }) => feed),
  };
  const role = { username: own.id, password: randomUUID() };
  try {
    await applySchema(client, own, role, known, replicationOf('local', 'datacenter1'));
    return await work(own);
  } finally {
    await removeSchema(client, own.id, role);
  }
}

const linesOf = (calm: Proof, shaken: Proof): string[] => {
  const both = (name: string, of: (proof: Proof) => string | number) => [name, String(of(calm)), String(of(shaken))];
  return table([
    ['', 'undisturbed', 'with faults'],
    both('state', ({ run }) => run.state),
    both('attempts', ({ run }) => run.attempt),
    both('read', ({ run }) => run.counts.read),
    both('loaded', ({ run }) => run.counts.loaded),
    both('dropped', ({ run }) => run.counts.dropped),
    both('rejected', ({ run }) => run.counts.rejected),
    both('digest of the run', ({ run }) => run.digest || '-'),
    both('rows read back', ({ rows }) => rows),
    both('digest of the rows', ({ digest }) => digest || '-'),
    both('counted in the quota', ({ usage }) => (usage ? `${usage.files} files, ${usage.rows} rows` : '-')),
    both('seconds', ({ seconds }) => seconds.toFixed(1)),
  ]);
};

const strikes = ({ struck }: Proof): string[] => [
  `${struck.length} faults:`,
  ...table(struck.map((each, index) => [`  ${index + 1}`, ...each.split(' ')])),
];
