import { setTimeout as wait } from 'node:timers/promises';
import { cassandraLedger } from '../../adapters/cassandra/ledger.ts';
import { cassandraRegistry } from '../../adapters/cassandra/registry.ts';
import { readReport } from '../../cli/report.ts';
import { admitQuota, admitVersion, endQuota } from '../../core/control/admission.ts';
import { namesOf } from '../../core/model/names.ts';
import type { FileRun, SettledMessage, StreamSlot } from '../../core/model/run.ts';
import { keyspaces, type Tenant } from '../../core/model/tenant.ts';
import { newRun } from '../../core/pipeline/new-run.ts';
import type { Database } from '../database.ts';
import type { Experiment } from '../experiment.ts';
import { spread } from '../figures.ts';
import type { History, HistoryCost } from '../measurements.ts';
import { type Seeded, seedRuns } from '../seed.ts';
import { table, whole, withBounds } from '../tables.ts';
import veteran from '../tenants/bench/tenant.ts';
import newcomer from '../tenants/neighbour/tenant.ts';

const FEW = 100;
const TRIES = 60;
const clock = { now: () => new Date() };

/** What the steps of a run cost, for a tenant with few runs behind it and for one with very many, in turns on the same database. */
export const history: Experiment<'history'> = {
  name: 'history',
  title: 'History',

  async measure({ database, plan, tell }) {
    await database.serve(veteran);
    await database.serve(newcomer);
    await seedRuns(database, newcomer, FEW, tell);
    const seeded = await seedRuns(database, veteran, plan.history.runs, tell);
    tell('history: waiting for Cassandra to be done with compacting');
    await compacted(database);
    const costs: HistoryCost[] = [];
    const tenants = [
      { tenant: newcomer, runsBehind: FEW },
      { tenant: veteran, runsBehind: plan.history.runs },
    ];
    for (const step of steps(database, seeded)) {
      const samples = tenants.map(() => [] as number[]);
      // Those of the first tries, for which code is compiled and statements are prepared, do not count.
      for (let attempt = -10; attempt < TRIES; attempt++) {
        for (const [index, { tenant }] of tenants.entries()) {
          const work = await step.prepare(tenant, attempt);
          const began = performance.now();
          await work();
          if (attempt >= 0) samples[index]?.push(performance.now() - began);
        }
      }
      for (const [index, { tenant, runsBehind }] of tenants.entries())
        costs.push({ step: step.name, tenant: tenant.id, runsBehind, samples: samples[index] ?? [] });
      tell(`history: ${step.name}: ${samples.map((each) => `${spread(each)?.median.toFixed(2)} ms`).join(' and ')}`);
    }
    return { few: FEW, many: plan.history.runs, costs };
  },

  targets: (data) =>
    stepsOf(data).map(({ step, few, many }) => {
      const times = many.median / few.median;
      return {
        what: `${step}: ${whole(data.many)} runs behind beside ${data.few}`,
        wanted: '≤ 1.1×',
        reached: `${times.toFixed(2)}×`,
        met: times <= 1.1,
      };
    }),

  show: (data) => [
    `Two tenants on one Cassandra, the one with ${data.few} runs behind it and the other with ${whole(data.many)}: half of them of files, ${whole(PER_DAY)} a day, each with its entry in the history of its key, and
half of minutes of a stream. The same code that the functions and \`sluice report\` run is called for both in turns, ${TRIES} times each; milliseconds, median (least–greatest). The report is that of
one day on which both have ${PER_DAY_SHOWN} files.`,
    table(
      ['step', `${whole(data.few)} runs behind`, `${whole(data.many)} runs behind`, 'times'],
      stepsOf(data).map(({ step, few, many }) => [
        step,
        ...[few, many].map((each) => withBounds(each, (value) => value.toFixed(2))),
        `${(many.median / few.median).toFixed(2)}×`,
      ]),
    ),
  ],
};

/** Files of a day in the seeded past, and on the day of the report. */
export const PER_DAY = 1000;
const PER_DAY_SHOWN = FEW / 2;

const stepsOf = ({ costs, few, many }: History) =>
  [...new Set(costs.map(({ step }) => step))].flatMap((step) => {
    const of = (runs: number) =>
      spread(costs.find((each) => each.step === step && each.runsBehind === runs)?.samples ?? []);
    const found = { few: of(few), many: of(many) };
    return found.few && found.many ? [{ step, few: found.few, many: found.many }] : [];
  });

interface Step {
  readonly name: string;
  /** Does what is not to be measured; what it answers is. */
  prepare(tenant: Tenant, attempt: number): Promise<() => Promise<unknown>>;
}

function steps(database: Database, seeded: Seeded): Step[] {
  const { client } = database;
  const worldOf = (tenant: Tenant) => {
    const { ops } = keyspaces(tenant.id);
    const ledger = cassandraLedger(client, ops, clock);
    return { tenant, clock, ledger, registry: cassandraRegistry(client, ops), profileVersion: 'bench' };
  };
  let number = 0;
  const fresh = (tenant: Tenant): FileRun => {
    const object = {
      bucket: namesOf(tenant.id).staging,
      key: `flights/${seeded.key}`,
      versionId: `try-${process.pid}-${number++}`,
    };
    const delivery = { object, generation: 0, requestedAt: null, rejectsOf: null };
    return newRun(delivery, { modified: new Date(), bytes: 1000 }, worldOf(tenant));
  };
  const claimed = async (tenant: Tenant) => {
    const { ledger } = worldOf(tenant);
    const claim = await ledger.claim(fresh(tenant), 'bench', 60);
    if (claim.kind !== 'held') throw new Error(`the run is ${claim.kind}`);
    return claim.lease;
  };
  return [
    {
      name: 'admit: claim the run',
      prepare: async (tenant) => {
        const run = fresh(tenant);
        return () => worldOf(tenant).ledger.claim(run, 'bench', 60);
      },
    },
    {
      name: 'admit: date its version',
      prepare: async (tenant) => {
        const run = fresh(tenant);
        return () => admitVersion(run, worldOf(tenant));
      },
    },
    {
      name: 'reserve the quota, and end it',
      prepare: async (tenant) => {
        const run = fresh(tenant);
        const world = worldOf(tenant);
        return async () => {
          const decision = await admitQuota(run, 1000, world);
          if (decision.kind !== 'go') throw new Error(`the quota says ${decision.kind}`);
          await endQuota(decision.run, { bytes: 1000, rows: 1000 }, world.registry);
        };
      },
    },
    {
      name: 'write the run',
      prepare: async (tenant) => {
        const lease = await claimed(tenant);
        return () => worldOf(tenant).ledger.settle(lease, { ...lease.run, state: 'loaded', endedAt: new Date() });
      },
    },
    {
      name: 'count 100 messages',
      prepare: async (tenant, attempt) => {
        const { ledger } = worldOf(tenant);
        const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000);
        const slot: StreamSlot = { stream: 'bench', shard: `shardId-${attempt}`, minute };
        const messages = Array.from(
          { length: 100 },
          (_, index): SettledMessage => ({
            position: String(10n ** 55n + BigInt(index * 16)),
            writeTime: index,
            feed: 'flights',
            outcome: 'loaded',
            bytes: 100,
            latency: 10,
          }),
        );
        return async () => {
          await ledger.counted(
            slot,
            messages.map((each) => each.position),
          );
          await ledger.tally(slot, messages);
        };
      },
    },
    {
      name: 'draw the report of a day',
      prepare: async (tenant) => async () => readReport(worldOf(tenant).ledger, tenant, [seeded.day]),
    },
  ];
}

/** Waits until Cassandra compacts no more, for ten minutes at most. */
async function compacted({ client }: Database): Promise<void> {
  const end = Date.now() + 600_000;
  while (Date.now() < end) {
    const { rowLength } = await client.execute('SELECT * FROM system_views.sstable_tasks', [], { prepare: false });
    if (rowLength === 0) return;
    await wait(1000);
  }
}
