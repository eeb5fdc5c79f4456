import * as z from 'zod';
import { type CsvSettings, dialectOf, extensionsOf, type Format, settingsOf } from './formats.ts';

/** What the settings of a format are made of, as plain data; what they mean to each other is checked by `formatProblems`. */

const extensions = z.array(z.string().regex(/^(\.[a-z0-9_-]+)+$/, 'an extension such as .psv, in lower case')).min(1);
const words = z.string().min(1);
const character = z.string().regex(/^[^\r\n]$/, 'one character');

const csv = {
  extensions: extensions.optional(),
  delimiter: z
    .string()
    .regex(/^[^\r\n]{1,8}$/, '1 to 8 characters without line ends')
    .optional(),
  quote: character.nullable().optional(),
  escape: character.optional(),
  columns: z.array(words).min(1).optional(),
  rename: z.record(words, words).optional(),
  multiline: z.boolean().optional(),
};

const shapes: { readonly [F in Format]: z.ZodObject } = {
  csv: z.strictObject({ format: z.literal('csv'), ...csv }),
  tsv: z.strictObject({ format: z.literal('tsv'), ...csv }),
  ndjson: z.strictObject({ format: z.literal('ndjson'), extensions: extensions.optional() }),
  json: z.strictObject({
    format: z.literal('json'),
    extensions: extensions.optional(),
    path: z.array(words).min(1).optional(),
  }),
  xml: z.strictObject({
    format: z.literal('xml'),
    extensions: extensions.optional(),
    record: words.optional(),
    attributes: z.string().optional(),
    lists: z.array(words).optional(),
  }),
  parquet: z.strictObject({
    format: z.literal('parquet'),
    extensions: extensions.optional(),
    binaryAsText: z.boolean().optional(),
  }),
  lines: z.strictObject({ format: z.literal('lines'), extensions: extensions.optional() }),
};

const names = z.enum(Object.keys(shapes) as [Format]);
const named = z.looseObject({ format: names });

const shapeOf = (entry: unknown): z.ZodType => {
  if (typeof entry !== 'object') return names;
  const format = (entry as { format?: unknown } | null)?.format;
  return Object.hasOwn(shapes, String(format)) ? shapes[format as Format] : named;
};

/** A format by its name, or with settings; each mistake is told at its own place, as a union of shapes could not. */
export const formatShape = z.unknown().superRefine((entry, context) => {
  for (const issue of shapeOf(entry).safeParse(entry).error?.issues ?? [])
    context.issues.push(issue as z.core.$ZodRawIssue);
});

/** The settings that a format has. */
export const formatKeys = (entry: unknown): readonly string[] => {
  const shape = shapeOf(entry);
  return shape instanceof z.ZodObject ? Object.keys(shape.shape) : [];
};

type Problem = readonly [path: string, message: string];

/** What is wrong with a feed's formats that have the right shape: a place among them, and words. */
export function* formatProblems(formats: unknown): Generator<Problem> {
  const owners = new Map<string, number>();
  for (const [index, given] of (Array.isArray(formats) ? formats : []).entries()) {
    if (!shapeOf(given).safeParse(given).success) continue;
    const settings = settingsOf(given);
    for (const extension of extensionsOf(settings)) {
      const owner = owners.get(extension);
      if (owner !== undefined) yield [String(index), `the extension ${extension} stands for format ${owner} already`];
      else owners.set(extension, index);
    }
    if (settings.format !== 'csv' && settings.format !== 'tsv') continue;
    for (const [path, message] of csvProblems(settings)) yield [`${index}.${path}`, message];
  }
}

function* csvProblems(settings: CsvSettings): Generator<Problem> {
  const { delimiter, quote, escape: escaping } = dialectOf(settings);
  const { columns, rename = {} } = settings;
  if (quote !== null && delimiter.includes(quote)) yield ['delimiter', 'holds the quote; choose another of the two'];
  if (settings.escape !== undefined && quote === null) yield ['escape', 'has no quote to escape; leave it out'];
  if (escaping !== null && escaping !== quote && delimiter.includes(escaping)) yield ['delimiter', 'holds the escape'];
  for (const [index, column] of (columns ?? []).entries()) {
    if (columns?.indexOf(column) !== index) yield [`columns.${index}`, `"${column}" is there twice`];
    if (column === '__proto__') yield [`columns.${index}`, 'no column can have this name'];
  }
  if (columns && Object.keys(rename).length > 0) yield ['rename', 'has no header to rename; say it in columns'];
  const targets = Object.values(rename);
  for (const [from, to] of Object.entries(rename)) {
    if (targets.indexOf(to) !== targets.lastIndexOf(to))
      yield [`rename.${from}`, `"${to}" is the new name of two columns`];
    if (to === '__proto__') yield [`rename.${from}`, 'no column can have this name'];
  }
}
