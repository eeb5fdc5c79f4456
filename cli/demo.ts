import { writeFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { kinesisClient } from '../adapters/kinesis.ts';
import { createProducer } from '../adapters/producer.ts';
import { namesOf } from '../core/model/names.ts';
import type { FileRun } from '../core/model/run.ts';
import type { LedgerReader } from '../core/ports.ts';
import { clientOptions, deploy } from '../local/deploy.ts';
import { exec, tail } from '../local/exec.ts';
import { loadSettings, localAwsEnv, pathsOf, type Settings } from '../local/settings.ts';
import { up } from '../local/stack.ts';
import aviation from '../tenants/aviation/tenant.ts';
import wildlife from '../tenants/wildlife/tenant.ts';
import { awsCli } from './aws.ts';
import { dataset, exportDirtyFlights, exportFlights, flightMessages } from './demo-data.ts';
import { filesTable, type Uploaded } from './demo-files.ts';
import { CliError } from './errors.ts';
import { isOver } from './follow.ts';
import { linesOf, readReport } from './report.ts';
import { type Result, table, type Ui } from './ui.ts';
import { type OperatorWorld, openWorld } from './world.ts';

const MESSAGES = 5000;
const QUERY = "SELECT * FROM aviation.flights_by_origin WHERE origin = 'LAS' AND day = '2001-01-01' LIMIT 5";
/** Longest wait for the deployed functions, in milliseconds; a healthy run takes a tenth of it. */
const PATIENCE = 5 * 60_000;

/**
 * The whole way, as a user goes it: start, deploy, upload with the AWS CLI, put messages on the stream, watch the ledger, report. Nothing
 * is invoked beside the deployed functions. A second run loads the same flights again: they are the same rows.
 */
export const runDemo = async (ui: Ui): Promise<Result> => {
  const settings = loadSettings();
  ui.note('1. Start LocalStack and Cassandra on this machine (sluice up)');
  await up(settings, 'auto', ui.progress);
  ui.note('\n2. Deploy the CDK app: a platform stack and a stack for each tenant (sluice deploy)');
  const { seconds } = await deploy(settings, ui.progress);
  ui.progress('cdk', `deployed in ${seconds} s`);

  const world = await openWorld(settings);
  try {
    const ledger = world.ledger(aviation.id);
    const before = await messagesSettled(ledger);
    ui.note('\n3. Upload real files: US flights of 2001, the airports they name, bird strikes, and what is not wanted');
    const uploads = await upload(settings, ui);
    ui.note(`\n4. Put ${MESSAGES} flights as messages on the stream ${namesOf(aviation.id).stream}`);
    await produce(settings, ui);
    ui.note('\n5. Wait until the ledger says what became of each of them');
    const runs = await settled(world, uploads, before + MESSAGES, ui);

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
      ...next(settings),
    ];
    return { data: { files: runs, report, rows: rows.map((row) => Object.fromEntries(Object.entries(row))) }, lines };
  } finally {
    await world.close();
  }
};

const today = (): string => new Date().toISOString().slice(0, 10);

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

async function copy(settings: Settings, from: string, to: string, ui: Ui): Promise<void> {
  const { file, args } = awsCli(settings, ['s3', 'cp', '--no-progress', from, to]);
  ui.progress('aws', `s3 cp ${basename(from)} ${to}`);
  const logFile = join(pathsOf(settings).logs, 'demo.log');
  const env = localAwsEnv(settings);
  if ((await exec(file, args, { cwd: settings.root, env, logFile, deadlineMs: 120_000 })) === 0) return;
  throw new CliError('SLU-1004', `the upload of ${basename(from)} failed`, {
    details: tail(logFile, 10),
    next: 'sluice status',
  });
}

async function produce(settings: Settings, ui: Ui): Promise<void> {
  const client = kinesisClient(clientOptions(settings));
  const producer = createProducer({ stream: namesOf(aviation.id).stream, client });
  for await (const envelope of flightMessages({ from: 121_000, rows: MESSAGES })) {
    await producer.send({ key: envelope.message.flight_id, data: JSON.stringify(envelope) });
  }
  const { sent, seconds, calls } = await producer.close();
  client.destroy();
  ui.progress('kinesis', `${sent} messages taken in ${seconds.toFixed(1)} s, by ${calls} calls`);
}

const messagesSettled = async (ledger: LedgerReader): Promise<number> =>
  (await ledger.streamRuns(today()))
    .flatMap(({ feeds }) => Object.values(feeds))
    .reduce((total, { counts }) => total + counts.read, 0);

/** Looks at the ledger again and again until the files have ended, or wait for their time, and the messages are counted. */
async function settled(
  world: OperatorWorld,
  uploads: readonly Uploaded[],
  messages: number,
  ui: Ui,
): Promise<readonly (FileRun | undefined)[]> {
  const deadline = Date.now() + PATIENCE;
  for (let told = ''; ; ) {
    const runs = await Promise.all(
      uploads.map(async ({ tenant, feed, key }) =>
        (await world.ledger(tenant).fileRuns(feed, today())).find(({ object }) => object.key === key),
      ),
    );
    const over = runs.filter(isOver).length;
    const counted = await messagesSettled(world.ledger(aviation.id));
    const rows = runs.reduce((total, run) => total + (run?.counts.read ?? 0), 0);
    const line = `${over} of ${uploads.length} files done, ${rows} rows so far; ${Math.max(0, messages - counted)} messages to go`;
    if (line !== told) ui.progress('ledger', line);
    told = line;
    if (over === uploads.length && counted >= messages) return runs;
    if (Date.now() > deadline) {
      throw new CliError('SLU-1003', `the functions did not finish within ${PATIENCE / 1000} s: ${line}`, {
        next: `sluice logs ${namesOf(aviation.id).ingestObject}`,
      });
    }
    await wait(500);
  }
}

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
