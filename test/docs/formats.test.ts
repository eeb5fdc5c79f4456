import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { isRejection } from '../../core/formats/format.ts';
import { caps } from '../../core/model/caps.ts';
import { formatProblems } from '../../core/model/format-shape.ts';
import { extensions, type Format, type FormatSettings } from '../../core/model/formats.ts';
import { readFile } from '../support/read-file.ts';

/** docs/formats.md: each example there is settings, a file, and what comes of it; all three are tried. */

const page = readFileSync(join(resolve(import.meta.dirname, '..', '..'), 'docs', 'formats.md'), 'utf8');
const examples = [...page.matchAll(/```ts\n(\{.*?)```\n\n```\w+\n(.*?)```\n\ngives\n\n```ndjson\n(.*?)```/gs)].map(
  ([, settings = '', content = '', records = '']) => ({ settings, content, records }),
);

describe.each(examples)('the example $settings', ({ settings, content, records }) => {
  const format = runInNewContext(`(${settings})`) as FormatSettings;

  test('has settings that a profile may have', () => {
    expect([...formatProblems([format])]).toEqual([]);
  });

  test('gives what the page says', async () => {
    const { items, refusal } = await readFile(content, format);
    expect(refusal).toBeUndefined();
    const expected = records
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const found = items.map((item) =>
      isRejection(item)
        ? { rejected: item.code, line: item.line, message: item.message }
        : JSON.parse(JSON.stringify(item.values)),
    );
    expect(found).toHaveLength(expected.length);
    for (const [index, record] of expected.entries()) expect(found[index]).toMatchObject(record);
  });
});

test('every format has its line in the table with its extensions, and all but Parquet an example', () => {
  for (const [format, names] of Object.entries(extensions)) {
    expect(page).toMatch(
      new RegExp(`^\\| \\[\`${format}\`\\].*${names.map((name) => `\`\\${name}\``).join(' ')} \\|`, 'm'),
    );
  }
  const shown = new Set(examples.map(({ settings }) => (runInNewContext(`(${settings})`) as FormatSettings).format));
  const all: Format[] = Object.keys(extensions) as Format[];
  expect([...shown].sort()).toEqual(all.filter((format) => format !== 'parquet').sort());
});

test('the bounds that the page names are those of the platform', () => {
  expect(page).toContain(
    `larger than ${caps.pageBytes / 2 ** 20} MiB and the metadata not larger than ${caps.footerBytes / 2 ** 20} MiB`,
  );
  expect(page).toContain(`beyond ${caps.unpackedBytes / 1e9} GB, or beyond ${caps.unpackedRatio} times its size`);
  expect(page).toContain(`must fit into ${caps.unpackedInMemory / 2 ** 20} MiB`);
});
