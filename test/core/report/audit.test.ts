import { beforeAll, describe, expect, test } from 'vitest';
import { randomOf } from '../../../core/faults/random.ts';
import type { Receipt } from '../../../core/model/receipt.ts';
import { noCounts } from '../../../core/model/row.ts';
import type { FileRun } from '../../../core/model/run.ts';
import { addMessages, emptyStreamRun } from '../../../core/model/tally.ts';
import { audit, type Books } from '../../../core/report/audit.ts';
import { platform } from '../../faults/platform.ts';
import { booksOf } from '../../faults/settled.ts';
import { calmStory } from '../../faults/story.ts';

let books: Books;
let partial: FileRun;
let loaded: FileRun;

beforeAll(async () => {
  const world = platform(calmStory, randomOf(1), { strike: () => null });
  await world.run();
  books = await booksOf(calmStory, world);
  partial = books.runs.find(({ state }) => state === 'partial') as FileRun;
  loaded = books.runs.find(({ object }) => object.key.startsWith('events/')) as FileRun;
});

const found = (changes: Partial<Books>) =>
  audit({ ...books, ...changes }).disagreements.map(({ book, about, message }) => [book, about, message]);
const runs = (run: FileRun, changes: Partial<FileRun>) =>
  books.runs.map((each) => (each === run ? { ...each, ...changes } : each));
const day = '2026-01-02';
const usage = () => books.usage.get(day) as NonNullable<ReturnType<typeof books.usage.get>>;
const openRun = () => ({
  run: loaded,
  delivery: loaded,
  attempt: 1,
  arrivedAt: 0,
  bytes: 1,
  priority: 0,
  waits: null,
});

describe('books that were kept well', () => {
  test('agree', () => {
    expect(audit(books)).toEqual({ disagreements: [], gone: [], open: 0 });
  });

  test('agree when everything that lay in buckets is gone, and name the runs of what is gone', () => {
    const { disagreements, gone } = audit({ ...books, staged: [], rejects: new Map(), receipts: [] });
    expect(disagreements).toEqual([]);
    expect(gone).toEqual(books.runs.map(({ id }) => id));
  });

  test('agree when a run and its receipt are of a version that knew nothing of quality', () => {
    const receipts = books.receipts.map(({ quality, ...receipt }) =>
      receipt.run === loaded.id ? (receipt as Receipt) : { ...receipt, quality },
    );
    expect(found({ runs: runs(loaded, { quality: null }), receipts })).toEqual([]);
  });

  test('agree while a run is on its way to its end', () => {
    const running = runs(loaded, { state: 'running', endedAt: null });
    const reserved = { [loaded.id]: { bytes: 1, rows: 1, attempt: 1 } };
    const { files, bytes, rows } = usage();
    const used = { files: files - 1, bytes: bytes - loaded.bytes, rows: rows - loaded.counts.read, reserved };
    const receipts = books.receipts.filter(({ run }) => run !== loaded.id);
    expect(found({ runs: running, usage: new Map([[day, used]]), open: [openRun()], receipts })).toEqual([]);
  });
});

describe('a disagreement is named', () => {
  const slot = { stream: 's@1', shard: 'shardId-000000000000', minute: new Date('2026-01-02T03:04:00Z') };
  const message = { position: '1', feed: 'f', outcome: 'loaded', bytes: 10, latency: 1, writeTime: 1 } as const;
  const stream = addMessages(emptyStreamRun(slot, slot.minute), [message], slot.minute);

  test('when messages are noted to have used more or less than their runs have', () => {
    const noted = (messages: number, bytes: number) => ({
      streams: [stream],
      messageUsage: new Map([[day, { messages, bytes }]]),
    });
    expect(found(noted(1, 10))).toEqual([]);
    expect(found(noted(2, 9))).toEqual([
      ['usage', day, '2 messages are noted, and the day’s runs have 1'],
      ['usage', day, '9 bytes of messages are noted, and the day’s runs have 10'],
    ]);
    const soon = {
      now: new Date(slot.minute.getTime() + 60_000),
      runs: [],
      staged: [],
      receipts: [],
      usage: new Map(),
    };
    expect(found({ ...noted(0, 0), ...soon })).toEqual([]);
  });

  test('when messages are kept for which nobody looks', () => {
    const waiting = new Map([[stream.id, 3]]);
    expect(found({ streams: [stream], waiting, kept: new Set([stream.id]) })).toEqual([]);
    expect(found({ streams: [stream], waiting })).toEqual([
      ['rejects', stream.id, '3 messages wait for room in the quota, and nobody looks after them'],
    ]);
  });

  test('when counts do not balance', () => {
    const { counts } = loaded;
    const changed = runs(loaded, { counts: { ...counts, loaded: counts.loaded - 1, dropped: counts.dropped + 2 } });
    expect(found({ runs: changed })).toContainEqual(['ledger', loaded.id, expect.stringContaining('balance')]);
  });

  test('when rejections are lost, or too many', () => {
    const stored = (count: number) => new Map([[partial.id, count]]);
    for (const count of [0, partial.counts.rejected - 1, partial.counts.rejected + 1])
      expect(found({ rejects: stored(count) })).toEqual([
        ['rejects', partial.id, `${partial.counts.rejected} rows are counted as rejected, and ${count} are stored`],
      ]);
  });

  test('when rejections of a file that was refused for them are lost', () => {
    const { quality, counts } = partial;
    const refusal = { code: 'SLU-3026', message: 'too many' } as const;
    const checked = { profileVersion: 'v1', counts, refusal };
    const refused = runs(partial, {
      state: 'refused',
      counts: noCounts(),
      quality: quality && { ...quality, checked },
    });
    const message = `${counts.rejected} rows are counted as rejected, and 0 are stored`;
    expect(found({ runs: refused, rejects: new Map() })).toContainEqual(['rejects', partial.id, message]);
    expect(found({ runs: refused }).map(([book]) => book)).not.toContain('rejects');
  });

  test('when a receipt is lost, says something else, or is of no run', () => {
    const [first, ...others] = books.receipts;
    if (!first) throw new Error('no receipts');
    expect(found({ receipts: others })).toEqual([['receipts', first.run, expect.stringContaining('no receipt')]]);
    expect(found({ receipts: [{ ...first, state: 'refused' }, ...others] })).toEqual([
      ['receipts', first.run, `its receipt says state "refused" instead of "${first.state}"`],
    ]);
    expect(found({ receipts: [...books.receipts, { ...first, run: 'x' }] })).toEqual([
      ['receipts', 'x', 'there is a receipt and no run'],
    ]);
  });

  test('when an object has no run', () => {
    expect(found({ runs: books.runs.filter((run) => run !== loaded) })).toContainEqual([
      'staging',
      expect.stringContaining(loaded.object.key),
      expect.stringContaining('no run'),
    ]);
  });

  test('when a run waits for nobody, or one that has ended is still open', () => {
    const stuck = runs(loaded, { state: 'running' });
    expect(found({ runs: stuck })).toContainEqual(['open runs', loaded.id, 'it is running and nobody looks after it']);
    expect(found({ open: [openRun()] })).toContainEqual([
      'open runs',
      loaded.id,
      'it is loaded and stands among the open runs',
    ]);
  });

  test('when the usage of a day is not that of its runs', () => {
    const changed = { ...usage(), files: usage().files + 1 };
    expect(found({ usage: new Map([[day, changed]]) })).toEqual([
      ['usage', day, `${changed.files} files are counted, and the day’s runs have ${usage().files}`],
    ]);
    const reserved = { ...usage(), reserved: { [loaded.id]: { bytes: 1, rows: 1, attempt: 1 } } };
    expect(found({ usage: new Map([[day, reserved]]) })).toEqual([
      ['usage', day, `something is reserved for ${loaded.id}, which is loaded`],
    ]);
    expect(found({ runs: runs(loaded, { usageDay: null }) })).toContainEqual([
      'usage',
      loaded.id,
      'it has loaded and counts for no day',
    ]);
  });
});
