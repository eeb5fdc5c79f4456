import type { ColumnType } from '../model/column-types.ts';
import type { Proposal } from './proposal.ts';

/** Writes a proposal as the TypeScript file of a feed; `model` is the way from there to `core/model`. */
export function sourceOf(proposal: Proposal, model = '../../../core/model'): string {
  const { name, file, records, settings, columns, partitionKey, clusteringKey, placeholders } = proposal;
  const kept = columns.filter(({ type }) => type !== null);
  const rename = kept.filter(({ field, column }) => field !== column);
  const options = [
    ...(rename.length > 0 ? [`rename: ${object(rename.map(({ field, column }) => [column, text(field)]))}`] : []),
    ...(placeholders.length > 0 ? [`placeholders: [${placeholders.map(text).join(', ')}]`] : []),
  ];
  const { format, ...details } = settings;
  const formats = Object.keys(details).length === 0 ? text(format) : literal(settings);
  const lines = [
    `import { byColumn } from '${model}/by-column.ts';`,
    `import { defineTable } from '${model}/table.ts';`,
    `import { defineFeed } from '${model}/tenant.ts';`,
    '',
    `/** Proposed by \`sluice infer\` from the ${records.toLocaleString('en-US')} records of ${oneLine(file).replaceAll('*/', '* /')}. */`,
    'const table = defineTable({',
    `  name: ${text(proposal.table)},`,
    '  columns: {',
    ...kept.flatMap(({ column, type, notes }) => [
      ...notes.map((note) => `    // ${oneLine(note)}`),
      `    ${key(column)}: ${literal(type as ColumnType)},`,
    ]),
    '  },',
    `  partitionKey: ${list('  partitionKey: ', partitionKey)},`,
    ...(clusteringKey.length > 0 ? [`  clusteringKey: ${list('  clusteringKey: ', clusteringKey)},`] : []),
    '});',
    '',
    'export default defineFeed({',
    `  name: ${text(name)},`,
    `  description: ${text(`records such as those of ${file}`)},`,
    `  formats: [${formats}],`,
    '  table,',
    ...(options.length === 0
      ? ['  transform: byColumn(table),']
      : [
          '  transform: byColumn(table, {',
          ...options.map((option) => `    ${option.replaceAll('\n', '\n    ')},`),
          '  }),',
        ]),
    '});',
    '',
  ];
  return lines.join('\n');
}

/** Nothing of a file may end a comment. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');

const key = (name: string): string => (/^[a-z_$][\w$]*$/i.test(name) ? name : text(name));

/** A text as the formatter of this repository writes it. */
function text(value: string): string {
  const quoted = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"');
  if (!quoted.includes("'")) return `'${quoted}'`;
  return quoted.includes('"') ? `'${quoted.replaceAll("'", "\\'")}'` : `"${quoted}"`;
}

/** On one line as long as it fits. */
function list(before: string, items: readonly string[]): string {
  const line = `[${items.map(text).join(', ')}]`;
  return before.length + line.length < WIDTH ? line : `[\n${items.map((item) => `    ${text(item)},\n`).join('')}  ]`;
}

/** Columns of a line of code. */
const WIDTH = 120;

const object = (entries: readonly (readonly [string, string])[]): string =>
  `{\n${entries.map(([name, value]) => `  ${key(name)}: ${value},\n`).join('')}}`;

function literal(value: unknown): string {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([name, part]) => `${key(name)}: ${literal(part)}`)
    .join(', ')} }`;
}
