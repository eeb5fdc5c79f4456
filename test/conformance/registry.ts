import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Registry } from '../../core/ports.ts';

interface Count {
  readonly count: number;
}

/** What every registry of small documents does, whatever is behind it. */
export function testRegistry(open: () => Registry): void {
  const fresh = () => `part/${randomUUID()}`;
  const put = <T>(part: string, name: string, value: T | null) =>
    open().change<T, void>(part, name, () => ({ value, result: undefined }));
  const add = (part: string, name: string) =>
    open().change<Count, number>(part, name, (before) => {
      const count = (before?.count ?? 0) + 1;
      return { value: { count }, result: count };
    });

  describe('a document', () => {
    test('is null until it is there, and again when it was deleted', async () => {
      const part = fresh();
      expect(await open().read(part, 'a')).toBeNull();
      await put(part, 'a', { x: 1 });
      expect(await open().read(part, 'a')).toEqual({ x: 1 });
      await put(part, 'a', null);
      expect(await open().read(part, 'a')).toBeNull();
      await put(part, 'a', { x: 2 });
      expect(await open().read(part, 'a')).toEqual({ x: 2 });
    });

    test('of any content comes back as it was, under any name', async () => {
      const part = fresh();
      await fc.assert(
        fc.asyncProperty(fc.string({ minLength: 1, unit: 'grapheme' }), fc.jsonValue(), async (name, value) => {
          fc.pre(value !== null);
          await put(part, name, value);
          expect(JSON.stringify(await open().read(part, name))).toBe(JSON.stringify(value));
        }),
        { numRuns: 30, seed: 20260102 },
      );
    });
  });

  describe('a change', () => {
    test('sees what the one before has left, and answers what it makes of it', async () => {
      const part = fresh();
      expect([await add(part, 'a'), await add(part, 'a'), await add(part, 'b')]).toEqual([1, 2, 1]);
    });

    test('that answers the very same document, or none where there is none, leaves it alone', async () => {
      const part = fresh();
      expect(await open().change(part, 'a', (before) => ({ value: before, result: 'none' }))).toBe('none');
      expect(await open().read(part, 'a')).toBeNull();
      await put(part, 'a', { x: 1 });
      expect(await open().change(part, 'a', (before) => ({ value: before, result: before }))).toEqual({ x: 1 });
      expect(await open().read(part, 'a')).toEqual({ x: 1 });
    });

    test('that throws changes nothing', async () => {
      const part = fresh();
      await put(part, 'a', { x: 1 });
      const failing = () => {
        throw new Error('no');
      };
      await expect(open().change(part, 'a', failing)).rejects.toThrow('no');
      expect(await open().read(part, 'a')).toEqual({ x: 1 });
    });

    test('of many at one time is made once each', async () => {
      const part = fresh();
      const counts = await Promise.all(Array.from({ length: 12 }, () => add(part, 'a')));
      expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
      expect(await open().read(part, 'a')).toEqual({ count: 12 });
    });

    test('of many who want what only one may have gives it to one', async () => {
      const part = fresh();
      const take = (who: string) =>
        open().change<{ who: string }, boolean>(part, 'turn', (before) =>
          before ? { value: before, result: before.who === who } : { value: { who }, result: true },
        );
      const taken = await Promise.all(Array.from({ length: 8 }, (_, index) => take(`${index}`)));
      expect(taken.filter((mine) => mine)).toHaveLength(1);
      await put(part, 'turn', null);
      expect(await take('next')).toBe(true);
    });
  });

  test('a part lists its documents by name, and no others', async () => {
    const part = fresh();
    for (const name of ['b', 'a', 'c']) await put(part, name, { name });
    await put(part, 'c', null);
    await put(`${part}x`, 'd', { name: 'd' });
    expect(await open().list(part)).toEqual([
      { name: 'a', value: { name: 'a' } },
      { name: 'b', value: { name: 'b' } },
    ]);
    expect(await open().list(fresh())).toEqual([]);
  });
}
