import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { messagesOf } from '../../adapters/kinesis.ts';
import { kinesisEvents } from '../../bench/kinesis.ts';
import { comparePositions } from '../../core/model/position.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('events hold every line once, in batches, with positions that grow from event to event', async () => {
  const [file, to] = [join(folder, 'rows.ndjson'), join(folder, 'events.ndjson')];
  const lines = Array.from({ length: 25 }, (_, number) => JSON.stringify({ number }));
  writeFileSync(file, `${lines.join('\n')}\n`);
  expect(await kinesisEvents(to, { file, size: 10, stream: 'sluice-bench', from: 1_700_000_000_000 })).toBe(25);
  const events = readFileSync(to, 'utf8')
    .trim()
    .split('\n')
    .map((line) => messagesOf(JSON.parse(line)));
  expect(events.map(({ length }) => length)).toEqual([10, 10, 5]);
  const messages = events.flat();
  expect(messages.map(({ data }) => Buffer.from(data).toString())).toEqual(lines);
  const positions = messages.map(({ position }) => position);
  expect(positions.toSorted(comparePositions)).toEqual(positions);
  expect(new Set(positions).size).toBe(25);
});
