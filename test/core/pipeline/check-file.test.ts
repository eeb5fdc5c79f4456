import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TransientError } from '../../../core/model/errors.ts';
import { freshness, minRows, nullShare, type Rule, range, unique } from '../../../core/model/quality.ts';
import { arrival } from '../../../core/model/run.ts';
import type { Feed } from '../../../core/model/tenant.ts';
import { ingestFile } from '../../../core/pipeline/file.ts';
import { WINDOW } from '../../../core/pipeline/ingest.ts';
import { limits, readings, readingsTable, tenantOf } from '../../support/tenant.ts';
import { ingestObject, memoryWorld } from '../../support/world.ts';

type World = ReturnType<typeof memoryWorld>;
type Reading = { readonly at: number; readonly value: number | ''; readonly do: '' | 'drop' | 'reject' };

const csv = (rows: readonly Reading[]) =>
  `sensor,at,value,do\n${rows.map((row) => `s,${row.at},${row.value},${row.do}`).join('\n')}\n`;
const good = (count: number): Reading[] => Array.from({ length: count }, (_, at) => ({ at, value: 1, do: '' }));
const bad: Reading = { at: 1000, value: 1, do: 'reject' };

const hot = { ...range('value', { max: 50 }, 'reject'), name: 'hot' };
const burning = { ...range('value', { max: 90 }, 'refuse'), name: 'burning' };

const worldWith = (changes: Partial<Feed>): World => memoryWorld(tenantOf({}, [{ ...readings, ...changes } as Feed]));

async function ingestIn(world: World, rows: readonly Reading[], modified?: Date) {
  const object = world.upload('readings/a.csv', csv(rows), modified);
  return ingestObject(object, world.attempt());
}

const rejectedIn = (world: World) => [...world.rejects().values()].flat();

const reading = fc.record({
  at: fc.integer({ min: 0, max: 40 }),
  value: fc.constantFrom(1, 1, 1, 1, 1, 60, 99, '' as const),
  do: fc.constantFrom('', '', '', '', '', 'drop', 'reject') as fc.Arbitrary<Reading['do']>,
});
const policies = fc.oneof(
  fc.constantFrom<Feed['errors']>(undefined, 'continue', 'skip-file'),
  fc.record({ threshold: fc.record({ count: fc.integer({ min: 0, max: 5 }) }) }),
  fc.record({ threshold: fc.record({ share: fc.constantFrom(0, 0.1, 0.25, 1) }) }),
  fc.record({ threshold: fc.record({ count: fc.integer({ min: 0, max: 5 }), share: fc.constantFrom(0.1, 0.5) }) }),
);
const rules = fc.subarray<Rule>([hot, burning, unique(), minRows(4), nullShare('value', 0.2, 'refuse')]);

/** What the policy of a feed says of a file, in few words and without a pipeline. */
function expected(rows: readonly Reading[], { errors = 'continue', quality = [] }: Pick<Feed, 'errors' | 'quality'>) {
  const has = (rule: Rule) => quality.includes(rule);
  const breaks = (row: Reading) =>
    row.value !== '' && ((has(hot) && row.value > 50) || (has(burning) && row.value > 90));
  const kept = rows.filter((row) => row.do !== 'drop');
  const rejected = kept.filter((row) => row.do === 'reject' || breaks(row));
  const loaded = kept.filter((row) => !rejected.includes(row));
  const most =
    errors === 'continue' ? rows.length : errors === 'skip-file' ? 0 : (errors.threshold.count ?? rows.length);
  const share = typeof errors === 'object' ? (errors.threshold.share ?? 1) : 1;
  const byErrors = rejected.length > most || rejected.length > share * rows.length;
  const byRule =
    (has(burning) && kept.some((row) => row.do === '' && row.value !== '' && row.value > 90)) ||
    quality.some((rule) => rule.name === 'unique-key' && new Set(loaded.map(({ at }) => at)).size < loaded.length) ||
    quality.some((rule) => rule.name === 'min-rows' && loaded.length < 4) ||
    quality.some(
      (rule) =>
        rule.name === 'value-null-share' && loaded.filter(({ value }) => value === '').length > 0.2 * loaded.length,
    );
  return { rejected, loaded, refused: byErrors || byRule, byErrors, byRule };
}

describe('whatever the policy of a feed', () => {
  test('a file is loaded as without one, or not at all and all that is wrong with it is told', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(reading, { minLength: 1, maxLength: 30 }),
        policies,
        rules,
        async (rows, errors, quality) => {
          const feed = { quality, ...(errors !== undefined && { errors }) };
          const world = worldWith(feed);
          const run = await ingestIn(world, rows);
          const { rejected, loaded, refused, byErrors, byRule } = expected(rows, feed);
          const positions = rejected.map((row) => rows.indexOf(row) + 1);
          const stored = rejectedIn(world);

          expect(run.state === 'refused').toBe(refused);
          expect(stored.filter(({ code }) => code !== 'SLU-2021').map(({ position }) => position)).toEqual(positions);
          if (refused) {
            expect(run.counts).toEqual({ read: 0, loaded: 0, dropped: 0, rejected: 0 });
            expect(world.sink.rows('readings')).toEqual([]);
            expect(byRule ? 'SLU-3027' : byErrors ? 'SLU-3026' : null).toBe(run.reason?.code);
            expect(run.quality?.checked).toMatchObject({
              counts: { read: rows.length, loaded: loaded.length, rejected: rejected.length },
              refusal: run.reason,
            });
            expect(run.quality?.rows).toBe(loaded.length);
          } else {
            const calm = worldWith({ quality: quality.filter(({ severity }) => severity === 'reject') });
            const { counts, digest } = await ingestIn(calm, rows);
            expect([run.counts, run.digest]).toEqual([counts, digest]);
            expect(world.sink.rows('readings')).toEqual(calm.sink.rows('readings'));
            expect(stored).toHaveLength(run.counts.rejected);
          }
          const [receipt] = world.announced;
          expect(receipt).toMatchObject({ state: run.state, quality: JSON.parse(JSON.stringify(run.quality)) });
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a file that is refused', () => {
  test('says how many records are bad and how many may be', async () => {
    const world = worldWith({ errors: { threshold: { share: 0.1 } } });
    const run = await ingestIn(world, [...good(6), bad, bad]);
    expect(run.reason).toEqual({
      code: 'SLU-3026',
      message: '2 of 8 records are bad (25 %), and the feed allows 10 %: nothing is loaded',
    });
    expect(run.firstRejections).toMatchObject([{ position: 7, code: 'SLU-2004' }, { position: 8 }]);
  });

  test('is read to its end for its rejections, though the first one costs it', async () => {
    const world = worldWith({ errors: 'skip-file' });
    const run = await ingestIn(world, [bad, ...good(2 * WINDOW), bad]);
    expect(run.reason?.message).toBe(
      `2 of ${2 * WINDOW + 2} records are bad (0.01 %), and the feed allows none: nothing is loaded`,
    );
    expect(rejectedIn(world).map(({ position }) => position)).toEqual([1, 2 * WINDOW + 2]);
    expect(run.contentHash).toHaveLength(64);
  });

  test('for a key that comes twice names both records and the key', async () => {
    const world = worldWith({ quality: [unique()] });
    const run = await ingestIn(world, [...good(5), { at: 3, value: 2, do: '' }]);
    expect(run.reason?.message).toBe(
      'the rule "unique-key" is broken: no two rows have the same key; 1 row repeats one before, such as record 6 after record 4',
    );
    expect(run.quality).toMatchObject({
      rules: { 'unique-key': 1 },
      findings: [{ rule: 'unique-key', severity: 'refuse' }],
    });
    expect(rejectedIn(world)).toEqual([
      {
        position: 6,
        line: 7,
        byte: expect.any(Number),
        stage: 'judge',
        code: 'SLU-2021',
        message: 'the rule "unique-key" is broken: record 4 has the same sensor "s", at 3',
        rules: ['unique-key'],
        raw: 's,3,2,',
      },
    ]);
  });

  test('for bad records tells nothing of a rule that only warns', async () => {
    const world = worldWith({ errors: { threshold: { share: 0.1 } }, quality: [unique([], 'warn')] });
    const run = await ingestIn(world, [...good(2), ...good(2), bad]);
    expect(run.quality?.findings).toMatchObject([{ rule: 'unique-key', severity: 'warn' }]);
    expect(rejectedIn(world).map(({ position }) => position)).toEqual([5]);
  });

  test('can be loaded by a later version, and does not count as one', async () => {
    const world = worldWith({ errors: 'skip-file', overwrite: 'replace' });
    expect((await ingestIn(world, [...good(2), bad])).state).toBe('refused');
    world.clock.advance(60);
    const object = { ...world.upload('readings/a.csv', csv(good(2))), versionId: 'v2' };
    expect(await ingestObject(object, world.attempt())).toMatchObject({ state: 'loaded', counts: { loaded: 2 } });
  });
});

describe('a rule on the file that warns', () => {
  const timed = { ...readingsTable, columns: { ...readingsTable.columns, day: 'date', seen: 'timestamp' } } as const;
  const dated: Partial<Feed> = {
    table: timed,
    transform: (fields) => ({
      sensor: 's',
      at: fields.integer('at'),
      day: fields.optionalDate('day'),
      seen: new Date(fields.text('seen')),
    }),
  };

  test('is counted, and the file is loaded', async () => {
    const world = worldWith({
      quality: [minRows(5, 'warn'), unique([], 'warn'), unique(['value', 'note'], 'warn'), nullShare('value', 0)],
    });
    const run = await ingestIn(world, [...good(2), { at: 1, value: '', do: '' }]);
    expect(run.state).toBe('loaded');
    expect(run.quality).toMatchObject({
      checked: null,
      rules: { 'min-rows': 1, 'unique-key': 1, 'unique-value-note': 0, 'value-null-share': 1 },
      findings: [
        { rule: 'min-rows', severity: 'warn', message: 'at least 5 records are loaded; there are 3' },
        { rule: 'unique-key' },
        { rule: 'value-null-share', message: /it is absent in 1 of 3, 33.3333 %/ },
      ],
    });
  });

  test.each([
    ['2026-01-02T00:00:00.000Z', '2026-01-02', []],
    ['2026-01-01T03:04:05.678Z', '2026-01-01', []],
    ['2026-01-01T03:04:05.677Z', '2026-01-01', ['seen-freshness']],
    ['2026-01-01T02:04:05.678Z', '2026-01-01', ['seen-freshness']],
    ['2025-12-31T23:00:00.000Z', '2025-12-30', ['seen-freshness', 'day-freshness']],
  ])('of data that is fresh until %s and %s finds what is stale', async (seen, day, stale) => {
    const world = worldWith({ ...dated, quality: [freshness('seen', 24), freshness('day', 24)] });
    const object = world.upload('readings/a.csv', `at,seen,day\n1,2001-01-01T00:00:00Z,\n2,${seen},${day}\n`);
    const run = await ingestObject(object, world.attempt());
    expect(run.quality?.findings.map(({ rule }) => rule)).toEqual(stale);
  });

  test('says nothing of the values of a file without rows', async () => {
    const quality = [nullShare('value', 0), unique([], 'warn'), freshness('seen', 1), minRows(1, 'warn')];
    const world = worldWith({ ...dated, quality, transform: () => null });
    const run = await ingestIn(world, [{ at: 1, value: 1, do: 'drop' }]);
    expect(run.quality?.findings.map(({ rule }) => rule)).toEqual(['min-rows']);
  });
});

describe('an attempt that takes over', () => {
  const quality = [unique(), nullShare('value', 0.5)];

  /** Counts how often the file is opened; the sink fails for as long as it is down. */
  function watched(changes: Partial<Feed> = {}) {
    const world = worldWith({ quality, ...changes });
    const state = { opened: 0, down: true };
    const attempt = (profileVersion = 'v1') => {
      const given = world.attempt();
      const objects: typeof given.objects = {
        ...given.objects,
        async find(ref) {
          const found = await given.objects.find(ref);
          if (!found) return null;
          const open: typeof found.open = (...of) => {
            state.opened++;
            return found.open(...of);
          };
          return { ...found, open };
        },
      };
      const sink: typeof given.sink = {
        ...given.sink,
        write: async (...of) => {
          if (state.down) throw new TransientError('SLU-5001', 'down');
          return given.sink.write(...of);
        },
      };
      return { ...given, objects, sink, profileVersion };
    };
    return { world, state, attempt };
  }

  test('does not repeat the pass over the file, and begins its statistics anew', async () => {
    const { world, state, attempt } = watched();
    const delivery = arrival(world.upload('readings/a.csv', csv(good(WINDOW + 3))));
    await expect(ingestFile(delivery, attempt())).rejects.toThrow(TransientError);
    expect(state.opened).toBe(2);
    state.down = false;
    const run = await ingestFile(delivery, attempt());
    expect(state.opened).toBe(3);
    expect(run).toMatchObject({ state: 'loaded', attempt: 2, counts: { loaded: WINDOW + 3 } });
    expect(run.quality).toMatchObject({
      rows: WINDOW + 3,
      columns: { at: { nulls: 0, min: 0, max: WINDOW + 2 } },
      checked: { counts: { read: WINDOW + 3 } },
    });
  });

  test('of a file that was deferred judges it anew only when the profile has changed', async () => {
    const { world, state, attempt } = watched();
    state.down = false;
    const closed = (profileVersion: string) => ({
      ...attempt(profileVersion),
      tenant: tenantOf({ rowsPerDay: 3 }, [{ ...readings, quality }]),
    });
    await ingestFile(arrival(world.upload('readings/b.csv', csv(good(2)))), closed('v1'));
    state.opened = 0;
    const delivery = arrival(world.upload('readings/a.csv', csv(good(2))));
    expect((await ingestFile(delivery, closed('v1'))).state).toBe('deferred');
    expect((await ingestFile(delivery, closed('v1'))).state).toBe('deferred');
    expect(state.opened).toBe(1);
    expect((await ingestFile(delivery, closed('v2'))).state).toBe('deferred');
    expect(state.opened).toBe(2);
  });
});

test('a replay of rejects is not held to what the feed wants of files', async () => {
  const world = worldWith({ errors: { threshold: { count: 1 } }, quality: [minRows(2)] });
  const run = await ingestIn(world, [...good(5), bad]);
  expect(run.state).toBe('partial');
  const again = { object: run.object, generation: 1, requestedAt: world.clock.now().getTime(), rejectsOf: run.id };
  expect(await ingestFile(again, world.attempt())).toMatchObject({
    state: 'partial',
    counts: { read: 1, rejected: 1 },
  });
});

test('values for which records are rejected are counted', async () => {
  const world = worldWith({ quality: [hot] });
  const of = (value: number, times: number): Reading[] =>
    Array.from({ length: times }, (_, at) => ({ at, value, do: '' }));
  const run = await ingestIn(world, [...of(60, 3), ...of(70, 2), ...of(1, 4)]);
  expect(run.quality?.topRejected).toEqual([
    { column: 'value', value: '60', count: 3 },
    { column: 'value', value: '70', count: 2 },
  ]);
});

test('a file that cannot be read to its end is refused as ever, and what was wrong before is told', async () => {
  const world = memoryWorld(tenantOf({ maxFileRows: 3 }, [{ ...readings, errors: { threshold: { count: 2 } } }]));
  const run = await ingestIn(world, [bad, ...good(5)]);
  expect(run).toMatchObject({ state: 'refused', reason: { code: 'SLU-3007' } });
  expect(limits.maxFileRows).toBeGreaterThan(3);
});
