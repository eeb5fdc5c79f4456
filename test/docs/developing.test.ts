import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataset } from '../../cli/demo-data.ts';
import { runInfer } from '../../cli/infer.ts';
import { createUi } from '../../cli/ui.ts';
import { repositoryRoot } from '../local/sandbox.ts';

test('docs/developing.md shows what sluice infer says today of the file, and the feed that it writes', async () => {
  const page = await readFile(join(repositoryRoot, 'docs', 'developing.md'), 'utf8');
  const notes: string[] = [];
  const ui = { ...createUi(false, new AbortController().signal), note: (line: string) => void notes.push(line) };
  const { lines } = await runInfer(dataset('seattle-weather.csv'), {}, ui);
  expect(page).toContain(notes.join('\n').trimEnd());
  // The page's feed is named after the file that it is written to.
  expect(page).toContain(lines.join('\n').replace(/(defineFeed\(\{\n {2}name: )'\w+'/, "$1'days'"));
});
