import { writeFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { namesOf } from '../core/model/names.ts';
import type { FileRun } from '../core/model/run.ts';
import { deploy } from '../local/deploy.ts';
import { loadSettings, type Settings } from '../local/settings.ts';
import { up } from '../local/stack.ts';
import aviation from '../tenants/aviation/tenant.ts';
import wildlife from '../tenants/wildlife/tenant.ts';
import { dataset, exportDirtyFlights, exportFlights } from './demo-data.ts';
import { copy, filesTable, type Uploaded } from './demo-files.ts';
import { showMore } from './demo-full.ts';
import { messagesToday, putFlights, today, until } from './demo-messages.ts';
import { isOver } from './follow.ts';
import { linesOf, readReport } from './report.ts';
import { type Result, table, type Ui } from './ui.ts';
import { type OperatorWorld, openWorld } from './world.ts';

const MESSAGES = 5000;
const QUERY = "SELECT * FROM aviation.flights_by_origin WHERE origin = 'LAS' AND day = '2001-01-01' LIMIT 5";

export interface DemoOptions {
  /** Shows what takes minutes too. */
  readonly full?: boolean | undefined;
}

/**
 * The whole way, as a user goes it: start, deploy, upload with the AWS CLI, put messages on the stream, watch the ledger, report. Nothing
 * is invoked beside the deployed functions. A second run loads the same flights again: they are the same rows.
 */
export const runDemo = async (options: DemoOptions, ui: Ui): Promise<Result> => {
  const settings = loadSettings();
  ui.note('1. Start LocalStack and Cassandra on this machine (sluice up)');
  await up(settings, 'auto', ui.progress);
  ui.note('\n2. Deploy the CDK app: a platform stack and a stack for each tenant (sluice deploy)');
  const { seconds } = await deploy(settings, ui.progress);
  ui.progress('cdk', `deployed in ${seconds} s`);

  const world = await openWorld(settings);
  try {
    const ledger = world.ledger(aviation.id);
    const before = (await messagesToday(ledger)).read;
    ui.note('\n3. Upload real files: US flights of 2001, the airports they name, bird strikes, and what is not wanted');
    const uploads = await upload(settings, ui);
    ui.note(`\n4. Put ${MESSAGES} flights as messages on the stream ${namesOf(aviation.id).stream}`);
    await putFlights({ from: 121_000, rows: MESSAGES }, settings, ui);
    ui.note('\n5. Wait until the ledger says what became of each of them');
    const runs = await settled(world, uploads, before + MESSAGES, ui);
    const more = options.full ? await showMore(world, settings, ui) : { data: {}, lines: [] };

    const report = await readReport(ledger, aviation, [today()]);
    const { rows } = await world.cassandra.execute(QUERY);
    const shown = rows.map((row) => row.values().map(cell));
    const lines = [
      '',
      'What became of each file, with its reason (npx sluice runs):',
      ...filesTable(uploads, runs),
      '',
      ...linesOf(report),
      `$ npx sluice cqlsh -e "${QUERY}"`,
      ...table([Object.keys(rows[0] ?? {}), ...shown]),
      ...more.lines,
      ...next(settings),
    ];
    return {
      data: { ...more.data, files: runs, report, rows: rows.map((row) => Object.fromEntries(Object.entries(row))) },
      lines,
    };
  } finally {
    await world.close();
  }
};

const cell = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value));

/** Makes the files and uploads each with the AWS CLI. */
async function upload(settings: Settings, ui: Ui): Promise<Uploaded[]> {
  const folder = join(settings.stateDir, 'demo');
  const file = (name: string) => join(folder, name);
  await mkdir(folder, { recursive: true });
  await exportFlights({ from: 0, rows: 60_000, format: 'csv', file: file('january-1.csv') });
  await exportFlights({ from: 60_000, rows: 60_000, format: 'ndjson', file: file('january-2.ndjson') });
  await exportFlights({ from: 130_000, rows: 20_000, format: 'parquet', file: file('january-3.parquet') });
  await exportFlights({ from: 150_000, rows: 20_000, format: 'csv', file: file('january-4.csv.gz') });
  await exportFlights({ from: 170_000, rows: 20_000, format: 'xml', file: file('january-5.xml') });
  await exportDirtyFlights({ from: 120_000, rows: 1000, file: file('with-mistakes.csv') });
  await copyFile(dataset('airports.csv'), file('airports.csv'));
  await copyFile(dataset('birdstrikes.csv'), file('birdstrikes.csv'));
  writeFileSync(file('notes.txt'), 'Flights of January 2001.\n');

  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
  // The last two are not loaded: one is no data, and the archive is let in once a month only.
  const uploads = [
    ['january-1.csv', aviation.id, 'flights'],
    ['january-2.ndjson', aviation.id, 'flights'],
    ['january-3.parquet', aviation.id, 'flights'],
    ['january-4.csv.gz', aviation.id, 'flights'],
    ['january-5.xml', aviation.id, 'flights'],
    ['with-mistakes.csv', aviation.id, 'flights'],
    ['airports.csv', aviation.id, 'airports'],
    ['notes.txt', aviation.id, 'flights'],
    ['birdstrikes.csv', wildlife.id, 'archive'],
  ] as const;
  const uploaded: Uploaded[] = [];
  for (const [name, tenant, feed] of uploads) {
    const key = `${feed}/${stamp}/${name}`;
    await copy(settings, file(name), `s3://${namesOf(tenant).staging}/${key}`, ui);
    uploaded.push({ tenant, feed, key });
  }
  return uploaded;
}

/** Looks at the ledger until the files have ended, or wait for their time, and the messages are counted. */
const settled = (
  world: OperatorWorld,
  uploads: readonly Uploaded[],
  messages: number,
  ui: Ui,
): Promise<readonly (FileRun | undefined)[]> =>
  until(
    { part: 'ledger', next: `sluice logs ${namesOf(aviation.id).ingestObject}` },
    async () => {
      const runs = await Promise.all(
        uploads.map(async ({ tenant, feed, key }) =>
          (await world.ledger(tenant).fileRuns(feed, today())).find(({ object }) => object.key === key),
        ),
      );
      const over = runs.filter(isOver).length;
      const left = Math.max(0, messages - (await messagesToday(world.ledger(aviation.id))).read);
      const rows = runs.reduce((total, run) => total + (run?.counts.read ?? 0), 0);
      const told = `${over} of ${uploads.length} files done, ${rows} rows so far; ${left} messages to go`;
      return { found: over === uploads.length && left === 0 ? runs : null, told };
    },
    ui,
  );

const next = (settings: Settings): string[] => {
  const { staging, ingestObject } = namesOf(aviation.id);
  const file = relative(process.cwd(), join(settings.stateDir, 'demo', 'january-1.csv'));
  return [
    '',
    'Try next:',
    ...table([
      [`  npx sluice aws s3 cp ${file} s3://${staging}/flights/`, 'load a file; yours has the same columns'],
      [
        `  npx sluice upload aviation flights ${file} --wait`,
        'the same, told beforehand what becomes of it, and followed',
      ],
      ['  npx sluice report', 'see what became of it'],
      ['  npx sluice quota wildlife', 'see which files wait, and for what'],
      ['  npx sluice cqlsh', 'look at the rows'],
      [`  npx sluice logs ${ingestObject} -f`, 'watch a function work'],
      ['  npx sluice down', 'stop it all; the rows stay'],
    ]),
    '',
    'tenants/aviation/ is the tenant; docs/how-data-flows.md tells the way that its rows took.',
  ];
};
