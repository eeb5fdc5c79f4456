import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { type CheckOptions, runCheck } from '../../cli/check.ts';
import { createUi } from '../../cli/ui.ts';
import { withFolder } from '../support/user.ts';

/** `sluice check <tenant> <files>`: what would become of files, by the tenants of this checkout. */

const HEADER = 'flight_id,date,delay,distance,origin,destination\n';
const good = (id: string) => `${id},2001-01-01T10:00Z,3,400,LAS,LAX\n`;

/** Checks files with these contents; paths in what is printed begin at their folder. */
const check = (
  contents: Readonly<Record<string, string | Uint8Array>>,
  options: CheckOptions = {},
  tenant = 'aviation',
) =>
  withFolder(async (folder) => {
    const files = Object.keys(contents).map((name) => join(folder, name));
    for (const [index, content] of Object.values(contents).entries()) {
      const file = files[index] as string;
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    const { lines, data, exit } = await runCheck(tenant, files, options, createUi(false, new AbortController().signal));
    const text = lines.join('\n').replaceAll(`${folder}/`, '');
    return { text, exit, data: JSON.parse(JSON.stringify(data)).files };
  });

test('a file that would be loaded whole is told with its rows, and is no failure', async () => {
  const { text, exit } = await check({ 'flights/a.csv': HEADER + good('F1') + good('F2') }, { rows: '1' });
  expect(exit).toBe('ok');
  expect(text.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
    'flights/a.csv  119 B, feed flights: 2 read = 2 loaded + 0 dropped + 0 rejected',
    '',
    'rows of flights_by_origin, the first 1:',
    '  origin  day  departed_at  flight_id  destination  delay_minutes  delay_class  on_time  distance_miles  distance_km',
    '  LAS  2001-01-01  2001-01-01T10:00:00.000Z  F1  LAX  3  on_time  true  400  644',
  ]);
});

test('rejections are told by reason, each with its place, the cell at fault and what to do', async () => {
  const bad = 'F2,2001-01-01T10:00Z,n/a,400,LAS,LAX\n';
  const { text, exit } = await check(
    { 'flights/a.csv': `${HEADER}${good('F1')}${bad.repeat(3)}F5,2001\n` },
    { rows: '0' },
  );
  expect(exit).toBe('rejects');
  expect(text).toBe(`\
flights/a.csv  203 B, feed flights: 5 read = 1 loaded + 0 dropped + 4 rejected

SLU-2004  3 × a value does not fit its column, column "delay"
  column "delay": "n/a" is not a number
     --> flights/a.csv:3:22, record 2, byte 84
      |
    3 | F2,2001-01-01T10:00Z,n/a,400,LAS,LAX
      |                      ^^^
  column "delay": "n/a" is not a number
     --> flights/a.csv:4:22, record 3, byte 121
      |
    4 | F2,2001-01-01T10:00Z,n/a,400,LAS,LAX
      |                      ^^^
  … and 1 more
  Next: give the named column a value of its type

SLU-2002  1 × the record has too few or too many columns
  2 columns where the header has 6
     --> flights/a.csv:6:8, record 5, byte 195
      |
    6 | F5,2001
      |        ^
  Next: give every record the columns of the header`);
});

test('the same is one document for programs, with the place of the fault in the record', async () => {
  const drop = '{"flight_id":"F1","date":"2001-01-01","delay":1,"distance":9,"origin":"LAS","destination":"LAX"}\n';
  const { data } = await check({ 'flights/a.ndjson': `${drop}{"flight_id":"F2","date":17}\n` });
  expect(data).toMatchObject([
    {
      feed: 'flights',
      refusal: null,
      counts: { read: 2, loaded: 0, dropped: 1, rejected: 1 },
      reasons: [{ code: 'SLU-2003', column: 'origin', count: 1, rejections: [{ position: 2, line: 2, fault: null }] }],
      dropped: [{ position: 1, line: 1, raw: drop.trim() }],
      rows: [],
    },
  ]);
});

test('a dropped row of Parquet is told with its text, which is made when it is asked for', async () => {
  const row = { flight_id: 'F1', date: '2001-01-01', delay: 1, distance: 9, origin: 'LAS', destination: 'LAS' };
  const columnData = Object.entries(row).map(([name, value]) => ({ name, data: [value] }));
  const { data } = await check({ 'flights/a.parquet': new Uint8Array(parquetWriteBuffer({ columnData })) });
  expect(data).toMatchObject([{ counts: { dropped: 1 }, dropped: [{ position: 1, raw: JSON.stringify(row) }] }]);
});

test('broken rules that only warn, and columns that differ from the contract, are told and stop nothing', async () => {
  const header = [
    ...['Airport Name', 'Effect Amount of damage', 'Flight Date', 'Origin State', 'Phase of flight', 'Wildlife Size'],
    ...['Time of day', 'Cost Other', 'Cost Repair', 'Cost Total $', 'Speed IAS in knots', '\u001b[2J'],
  ];
  const row = 'LAGUARDIA NY,None,1990-04-07,New York,Taxi,Large,Day,0,0,0,80,x';
  const { text, exit, data } = await check({ 'strikes/a.csv': `${header.join()}\n${row}\n${row}\n` }, {}, 'wildlife');
  expect(exit).toBe('ok');
  expect(text).toContain('loaded with a warning:\n  2 × rule "taxi-speed": nothing taxies faster than 60 knots\n');
  expect(text).toContain(
    '  rule "unique-key": no two rows have the same key; 1 row repeats one before, such as record 2 after',
  );
  expect(text).toContain('\nits columns: new ␛[2J (against the contract)\n');
  expect(data[0]).toMatchObject({ findings: [{ rule: 'species-null-share' }, { rule: 'unique-key' }], drift: {} });
});

test('a file that would be refused is told so with its code', async () => {
  const { text, exit, data } = await check({
    'flights/a.csv': 'a,a\n1,2\n',
    'flights/b.pdf': 'x',
    'flights/c.csv': '',
  });
  expect(exit).toBe('rejects');
  expect(data.map(({ refusal }: { refusal: { code: string } }) => refusal.code)).toEqual([
    'SLU-3009',
    'SLU-3002',
    'SLU-3004',
  ]);
  expect(text).toContain(
    'SLU-3009  the file would be refused: line 1: column "a" is there twice\n  Next: give the file a header',
  );
});

test('the feed is the one that is named, before the nearest folder of that name, before the only one that takes the extension', async () => {
  const content = HEADER + good('F1');
  const feeds = async (file: string, feed?: string) => (await check({ [file]: content }, { feed })).data[0].feed;
  expect(await feeds('airports/old/flights/a.csv')).toBe('flights');
  expect(await feeds('flights/airports/a.csv')).toBe('airports');
  expect(await feeds('flights/a.csv', 'airports')).toBe('airports');
  await expect(feeds('a.csv')).rejects.toMatchObject({ code: 'SLU-4003', details: ['feeds: flights, airports'] });
  await expect(feeds('a.csv', 'flihgts')).rejects.toMatchObject({ code: 'SLU-4002', message: /did you mean flights/ });
});

test('a file that is not there and a number of rows that is none are mistakes of the command line', async () => {
  const ui = createUi(false, new AbortController().signal);
  await expect(runCheck('aviation', ['gone.csv'], { feed: 'flights' }, ui)).rejects.toMatchObject({ code: 'SLU-4003' });
  await expect(check({ 'flights/a.csv': 'x' }, { rows: 'many' })).rejects.toMatchObject({ code: 'SLU-4003' });
});

test('nothing of a record is obeyed by the terminal', async () => {
  const { text } = await check({ 'flights/a.csv': `${HEADER}\u001b]0;owned\u0007,x\n${good('\u202eF1')}` });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(text).toContain('␛]0;owned␇,x');
});
