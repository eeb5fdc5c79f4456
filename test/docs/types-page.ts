import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { casesByType, type TypeCase } from '../support/type-cases.ts';
import { outcomeOf } from '../support/type-outcomes.ts';

/** The tables of docs/types.md, made of what becomes of each case. `node test/docs/types-page.ts` writes them into the page. */

const FILE = join(resolve(import.meta.dirname, '../..'), 'docs', 'types.md');
const START = '<!-- made by `node test/docs/types-page.ts` from here on; a test holds it to the code -->\n';

/** The page as it is, and as it should be. */
export async function typesPage(): Promise<{ is: string; wants: string }> {
  const is = readFileSync(FILE, 'utf8');
  const before = is.slice(0, is.indexOf(START) + START.length);
  const sections = [...casesByType].map(async ([name, cases]) => {
    const rows = await Promise.all(cases.map(rowOf));
    return [`\n### ${name}\n`, '| from | in the file | in the table |', '| --- | --- | --- |', ...rows, ''].join('\n');
  });
  return { is, wants: before + (await Promise.all(sections)).join('') };
}

async function rowOf(each: TypeCase): Promise<string> {
  const outcome = await outcomeOf(each);
  const words =
    'code' in outcome ? `${outcome.code}: not ${outcome.message.split(' is not ').at(-1)}` : code(shown(each));
  return `| ${each.format} | ${code(each.input)} | ${words} |`;
}

/** The value without the quotes of JSON where there is nothing else in it. */
const shown = ({ stored }: TypeCase): string => (stored ?? '').replace(/^"([^"\\]*)"$/, '$1');

/** Code in a cell of a table; a space at its edges would be lost. */
const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

if (import.meta.main) writeFileSync(FILE, (await typesPage()).wants);
