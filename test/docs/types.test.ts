import { expect, test } from 'vitest';
import { scalarTypes } from '../../core/model/column-types.ts';
import { casesByType } from '../support/type-cases.ts';
import { typesPage } from './types-page.ts';

test('docs/types.md tells what becomes of each value: if not, `node test/docs/types-page.ts` mends it', async () => {
  const { is, wants } = await typesPage();
  expect(is).toBe(wants);
});

test('docs/types.md has values of every type and format, some taken and some not', () => {
  for (const type of scalarTypes) {
    const cases = casesByType.get(type) ?? [];
    for (const format of ['text', 'JSON', 'Parquet']) {
      expect([type, format, cases.some((each) => each.format === format && each.stored !== null)]).toEqual([
        type,
        format,
        true,
      ]);
    }
    expect([type, cases.some(({ stored }) => stored === null)]).toEqual([type, true]);
  }
});
