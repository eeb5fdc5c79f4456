import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Code, codes } from '../../core/model/codes.ts';

const root = resolve(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');
const sections = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...body] = section.split('\n');
      return [heading.slice(0, 8), { title: heading.slice(10), body: body.join('\n') }];
    }),
);
const all = Object.keys(codes) as Code[];

const sources = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], { cwd: root })
  .toString()
  .split('\n')
  .filter((file) => /^(adapters|cli|core|functions|infra|local)\//.test(file) && file !== 'core/model/codes.ts')
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n');

test('docs/errors.md has a section for each code, in the order of the codes, and no other', () => {
  expect([...sections.keys()]).toEqual(all.toSorted());
});

describe.each(all)('%s', (code) => {
  test('has its title, an example of how it is printed, and words on how to go on', () => {
    const { title, body = '' } = sections.get(code) ?? {};
    expect(title).toBe(codes[code][0]);
    const [before = '', example = '', after = ''] = body.split('```');
    expect(example).toMatch(new RegExp(`^${code}  \\S`, 'm'));
    expect(before.length + after.length).toBeGreaterThan(30);
    expect(after.trim()).toMatch(/\w{3,}.*\./s);
  });

  test('is used', () => expect(sources).toContain(`'${code}'`));
});
