import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dateVersion, isSuperseded, type KeyHistory, noteLoaded, type Version } from '../../../core/control/history.ts';

const version = (versionId: string, modified: number, more: Partial<Version> = {}): Version => ({
  run: versionId,
  versionId,
  generation: 0,
  modified,
  requested: null,
  ...more,
});

/** Dates versions in the order of arrival, and loads each unless it is too late. */
function arrive(versions: readonly Version[]): { history: KeyHistory | null; superseded: string[]; bases: number[] } {
  let history: KeyHistory | null = null;
  const superseded: string[] = [];
  const bases: number[] = [];
  for (const arrived of versions) {
    const dated = dateVersion(history, arrived);
    history = dated.history;
    bases.push(dated.base);
    if (isSuperseded(history, { ...arrived, base: dated.base })) superseded.push(arrived.versionId);
    else history = noteLoaded(history, { ...arrived, base: dated.base });
  }
  return { history, superseded, bases };
}

describe('versions of a key', () => {
  test('of versions of different seconds the latest wins, whatever arrives last', () => {
    const seconds = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(seconds, (order) => {
        const { history } = arrive(order.map((second) => version(`v${second}`, second * 1000)));
        expect(history?.loaded?.versionId).toBe(`v${Math.max(...order)}`);
      }),
    );
  });

  test('an earlier version that comes late is superseded', () => {
    expect(arrive([version('new', 2000), version('old', 1000)]).superseded).toEqual(['old']);
  });

  test('versions of one second get write times a second apart, in the order of their arrival', () => {
    const { bases, superseded } = arrive([version('a', 1000), version('b', 1000), version('c', 1000)]);
    expect(bases).toEqual([1_000_000, 2_000_000, 3_000_000]);
    expect(superseded).toEqual([]);
  });

  test('a version that comes after one of a later second is not written at the times of another one of its own second', () => {
    const { bases } = arrive([version('a', 1000), version('later', 2000), version('b', 1000), version('a', 1000)]);
    expect(bases).toEqual([1_000_000, 2_000_000, 1_125_000, 1_000_000]);
  });

  test('a version that is asked about again keeps its base', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (order) => {
        const first = new Map<number, number>();
        let history: KeyHistory | null = null;
        for (const number of order) {
          const dated = dateVersion(history, version(`v${number}`, number * 1000));
          history = dated.history;
          expect(dated.base).toBe(first.get(number) ?? dated.base);
          first.set(number, dated.base);
        }
      }),
    );
  });

  test('a replay of the latest version is written later than it, and one of an earlier version is superseded', () => {
    const replay = version('new', 2000, { generation: 1, requested: 9000 });
    const { history } = arrive([version('old', 1000), version('new', 2000), replay]);
    expect(history?.loaded).toMatchObject({ generation: 1, base: 9_000_000 });
    const late = version('old', 1000, { generation: 1, requested: 10_000 });
    expect(arrive([version('old', 1000), version('new', 2000), late]).superseded).toEqual(['old']);
  });
});
