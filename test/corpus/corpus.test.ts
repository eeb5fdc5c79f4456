import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { balanced } from '../../core/model/row.ts';
import type { BadFile } from './bad-file.ts';
import { corpus } from './corpus.ts';
import { outcomeOf, trialOf } from './outcome.ts';

/** Bad files, each with the one right answer: bad-file.ts says how it is written down. */

const kept = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(join(import.meta.dirname, name)).map((file) => `${name}/${file}`));

const contentOf = ({ file, content }: BadFile): Uint8Array =>
  content?.() ?? readFileSync(join(import.meta.dirname, file));

const keyOf = ({ file, feed = 'verbatim' }: BadFile): string => `${feed}/${file.slice(file.indexOf('/') + 1)}`;

/** Places are those of what comes out of a compressed file. */
const unpacked = (file: string, content: Uint8Array): Uint8Array =>
  Buffer.from(/\.gz$/i.test(file) ? gunzipSync(content) : content);

/** Larger ones would take long byte by byte, and cut nothing that the small ones do not. */
const SMALL = 2000;

test('every file that is kept is in the table, and every entry has its file', () => {
  const wanted = corpus.filter(({ content }) => !content).map(({ file }) => file);
  expect(kept.toSorted()).toEqual(wanted.toSorted());
});

test('there are hundreds of them, and no entry is there twice', () => {
  const names = corpus.map(({ file }) => file);
  expect(names.length).toBeGreaterThanOrEqual(500);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

describe.each(corpus.map((bad) => [bad.file, bad] as const))('%s', (_, bad) => {
  const { state, code = null, rejected = [], rows = [], because } = bad;

  test(`is ${state}: ${because}`, async () => {
    const content = contentOf(bad);
    const outcome = await outcomeOf(keyOf(bad), content);
    expect({ state: outcome.state, code: outcome.reason?.code ?? null }).toEqual({ state, code });
    expect(outcome.rejections.map(({ position, line, code }) => [position, line, code])).toEqual(rejected);
    if (typeof rows === 'number') expect(outcome.read).toHaveLength(rows);
    else
      expect(outcome.read.map((record, n) => (Array.isArray(rows[n]) ? Object.values(record) : record))).toEqual(rows);
    expect(balanced(outcome.counts)).toBe(true);
    expect(outcome.counts.rejected).toBe(rejected.length);

    // What is kept of a rejected record is what stands at the byte that is named.
    for (const { byte, raw } of outcome.rejections) {
      if (byte === undefined) continue;
      const start = Buffer.from(raw.slice(0, 100).replace(/\ufffd.*/s, ''));
      expect(unpacked(bad.file, content).subarray(byte, byte + start.length)).toEqual(start);
    }
    // A check beforehand tells what a load then does.
    const trial = await trialOf(keyOf(bad), content);
    expect({ reason: trial.reason, counts: trial.counts }).toEqual({ reason: outcome.reason, counts: outcome.counts });

    if (content.length < SMALL) expect(await outcomeOf(keyOf(bad), content, true)).toEqual(outcome);
  });
});
