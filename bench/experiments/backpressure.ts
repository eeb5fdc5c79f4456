import { setTimeout as wait } from 'node:timers/promises';
import { namesOf } from '../../core/model/names.ts';
import { timeChart } from '../charts.ts';
import { dataFile } from '../data.ts';
import { dataFolder } from '../downloads.ts';
import type { Experiment } from '../experiment.ts';
import type { Backpressure, Moment, Phase } from '../measurements.ts';
import { bundled, invocation, notification } from '../ours.ts';
import { started } from '../process.ts';
import { table, whole } from '../tables.ts';
import tenant from '../tenants/bench/tenant.ts';
import { type Answered, openWire, type Passage } from '../wire.ts';

/** What the driver waits for an answer, in milliseconds. */
const PATIENCE = 12_000;
const BUCKET = 250;

/** A load while the database slows down, refuses and comes back. */
export const backpressure: Experiment<'backpressure'> = {
  name: 'backpressure',
  title: 'Backpressure',

  async measure({ settings, database, aws, plan, tell }) {
    const { rows, seconds } = plan.backpressure;
    const bundle = await bundled(settings, tenant, 'ingestObject');
    const { file } = await dataFile(dataFolder(settings), 'flights', 'csv', rows);
    const { staging, queue } = namesOf(tenant.id);
    const key = 'flights/backpressure.csv';
    const version = aws.add(staging, key, file);
    await database.fresh(tenant, 'flights');
    const wire = await openWire(database.port);
    const most: number[] = [];
    aws.send(queue, notification(staging, key, version));
    const load = started(settings, 'backpressure', invocation(bundle, {}, { cassandraPort: wire.port, aws: aws.url }));
    // The file is read once before its first row is written: time counts from there.
    const began = await Promise.race([wire.firstAnswer(), load.ended.then(() => performance.now())]);
    const watch = setInterval(() => {
      const bucket = Math.floor((performance.now() - began) / BUCKET);
      most[bucket] = Math.max(most[bucket] ?? 0, wire.inFlight());
    }, 10);
    const phases: Phase[] = [];
    const during = async (label: string, passage: Passage) => {
      const from = (performance.now() - began) / 1000;
      wire.set(passage);
      await Promise.race([wait(seconds * 1000), load.ended]);
      phases.push({ label, from, to: (performance.now() - began) / 1000 });
      tell(`backpressure: ${label} is over`);
    };
    await during('free', { kind: 'free' });
    await during(`slow: ${SLOW}/s`, { kind: 'slow', perSecond: SLOW });
    await during('free', { kind: 'free' });
    await during(`refusing: ${SLOW}/s`, { kind: 'refusing', perSecond: SLOW });
    await during('free', { kind: 'free' });
    await during('silent', { kind: 'frozen' });
    const last = performance.now();
    wire.set({ kind: 'free' });
    const exit = await load.ended;
    phases.push({ label: 'free', from: (last - began) / 1000, to: (performance.now() - began) / 1000 });
    clearInterval(watch);
    await wire.close();
    const run = (await database.runs(tenant, 'flights')).find(({ object }) => object.versionId === version);
    const stored = await database.count(tenant, 'flights');
    if (exit !== 0 || run?.state !== 'loaded' || stored !== rows) {
      throw new Error(`backpressure: exit ${exit}, the run is ${run?.state}, ${stored} of ${rows} rows are stored`);
    }
    const late = wire.answered.filter(({ latency }) => latency > PATIENCE).length;
    return { rows, phases, moments: momentsOf(wire.answered, most, began), late };
  },

  targets: (data) => [
    {
      what: 'slowed down: no batch waits longer than the driver does',
      wanted: '0',
      reached: whole(data.late),
      met: data.late === 0,
    },
    comesBack(data),
  ],

  show(data) {
    const { phases, moments, rows } = data;
    const lines = phases.map((phase) => [
      phase.label,
      `${phase.from.toFixed(0)}–${phase.to.toFixed(0)} s`,
      ...[rate, latency, inFlight].map((of) => whole(of(within(moments, phase)))),
      whole(within(moments, phase).reduce((sum, { refused }) => sum + refused, 0)),
    ]);
    const text = phases
      .map(
        (phase, index) =>
          `${phase.label} (${lines[index]?.[1]}): ${lines[index]?.[2]} rows/s, latency ${lines[index]?.[3]} ms, at most ${lines[index]?.[4]} batches on their way`,
      )
      .join('; ');
    return [
      `${whole(rows)} flights as CSV through a wire that knows the protocol's frames and lets ${SLOW} requests a second through (*slow*), answers what is beyond ${SLOW} batches a second with the error
Overloaded (*refusing*), or lets nothing through (*silent*). All rows are there at the end, and the run is loaded. Latency is that of a batch, from the wire's side.`,
      table(['phase', 'time', 'rows/s', 'latency, ms', 'most on their way', 'refused'], lines),
      timeChart(
        'backpressure',
        'A load while the database slows down, refuses and is silent',
        [
          { title: 'rows/s', points: moments.map(({ at, rowsPerSecond }) => ({ x: at, y: rowsPerSecond })) },
          { title: 'latency of a batch, ms', points: moments.map(({ at, latency }) => ({ x: at, y: latency })) },
          { title: 'batches on their way', points: moments.map(({ at, inFlight }) => ({ x: at, y: inFlight })) },
        ],
        phases.map(({ from, to, label }) => ({ from, to, label })),
        text,
      ),
    ];
  },
};

/** Requests a second: about a tenth of what an undisturbed load sends. */
const SLOW = 200;

const within = (moments: readonly Moment[], { from, to }: Phase) => moments.filter(({ at }) => at >= from && at < to);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const rate = (moments: readonly Moment[]) => mean(moments.map(({ rowsPerSecond }) => rowsPerSecond));
const latency = (moments: readonly Moment[]) => mean(moments.flatMap(({ latency }) => (latency > 0 ? [latency] : [])));
const inFlight = (moments: readonly Moment[]) => Math.max(0, ...moments.map((moment) => moment.inFlight));

/** The rate of the undisturbed phase that follows a slow one, in its second half, beside that of the first phase. */
function comesBack({ phases, moments }: Backpressure) {
  const free = phases.filter(({ label }) => label === 'free');
  const [first, second] = free.map((phase) => rate(within(moments, { ...phase, from: (phase.from + phase.to) / 2 })));
  const share = (second ?? 0) / (first ?? 1);
  return {
    what: 'rate after a slow phase, beside that before it',
    wanted: '≥ 90 %',
    reached: `${(share * 100).toFixed(0)} %`,
    met: share >= 0.9,
  };
}

function momentsOf(answered: readonly Answered[], most: readonly number[], began: number): Moment[] {
  const buckets = Array.from({ length: most.length }, () => [] as Answered[]);
  for (const each of answered) buckets[Math.floor((each.at - began) / BUCKET)]?.push(each);
  return buckets.map((bucket, index) => ({
    at: (index * BUCKET) / 1000,
    rowsPerSecond: (bucket.reduce((sum, { rows }) => sum + rows, 0) / BUCKET) * 1000,
    inFlight: most[index] ?? 0,
    latency: bucket.length === 0 ? 0 : mean(bucket.map((each) => each.latency)),
    refused: bucket.filter(({ failed }) => failed).length,
  }));
}
