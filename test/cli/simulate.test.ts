import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSimulateScaling, type SimulateOptions } from '../../cli/simulate.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-trace-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function simulate(trace: string, options: SimulateOptions = {}) {
  const file = join(folder, 'trace.csv');
  await writeFile(file, trace);
  return runSimulateScaling('wildlife', file, options);
}

const trace = (header: string, ...lines: string[]) => `${[header, ...lines].join('\n')}\n`;
const HEADER = 'minute,messages,bytes';

test('a load is replayed as tab-separated lines into a pipe, one a minute, with what was left out', async () => {
  const { lines } = await simulate(trace(HEADER, '0,100,1000', '3,5,50'), { plot: false });
  const [head = [], ...rows] = lines.map((line) => line.split('\t'));
  expect(head.slice(0, 5)).toEqual(['minute', 'arrived', 'refused', 'loaded', 'waiting']);
  expect(rows.map((cells) => cells.slice(0, 4))).toEqual([
    ['0', '100', '0', '100'],
    ['1', '0', '0', '0'],
    ['2', '0', '0', '0'],
    ['3', '5', '0', '5'],
  ]);
});

test('a terminal gets charts, the cost with its price, and the decisions with their reasons', async () => {
  const burst = Array.from({ length: 30 }, (_, minute) => `${minute},${minute < 10 ? 100 : 5000},100000`);
  const { lines } = await simulate(trace(HEADER, ...burst), { plot: true });
  const text = lines.join('\n');
  expect(text).toMatch(/^open shards\n2 │/m);
  expect(text).toMatch(
    /^cost +\$0\.01: 0\.8 shard hours at \$0\.015, 0\.10 million PUT payload units at \$0\.014 a million$/m,
  );
  expect(text).toMatch(/^unscaled +\$0\.01, on the shards that the profile begins with$/m);
  expect(text).toMatch(/^10 +raise +shards 1 → 2 +5,000 messages a minute and shard; the threshold is 3,000$/m);
});

test('the document has the policy, the speeds, the prices, and every minute', async () => {
  const own = { message: '2.5', reshard: '5', shardHour: '0.0195', millionUnits: '0.02' };
  const { data } = await simulate(trace(`${HEADER},database`, '0,100,1000,', '1,100,1000,1'), own);
  expect(data).toMatchObject({
    tenant: 'wildlife',
    policy: { most: { shards: 4 } },
    speeds: { messageMilliseconds: 2.5, reshardMinutes: 5 },
    prices: { shardHour: 0.0195, millionUnits: 0.02 },
    shardHours: 2 / 60,
    minutes: [{ throttles: 0 }, { throttles: 40 }],
  });
});

describe('a trace', () => {
  test.each([
    ['without a column', trace('minute,messages', '0,1'), 'line 1: the header lacks bytes'],
    ['without a minute', trace(HEADER), 'line 2: there is no minute'],
    ['with a word', trace(HEADER, '0,1,1', '1,many,1'), 'line 3: messages: "many" is not a whole number'],
    ['with a fraction', trace(HEADER, '0,1.5,1'), 'line 2: messages: "1.5" is not a whole number'],
    ['with too few cells', trace(HEADER, '0,1'), 'line 2: bytes: "" is not a whole number'],
    ['that goes back', trace(HEADER, '5,1,1', '4,1,1'), 'line 3: minute 4 does not come after minute 5'],
    ['of more than a month', trace(HEADER, '0,1,1', '99999999,1,1'), 'line 3: more than a month'],
  ])('%s is refused with its line', async (_, text, message) => {
    await expect(simulate(text)).rejects.toMatchObject({ code: 'SLU-4008', message: expect.stringContaining(message) });
  });
});
