import { caps } from '../model/caps.ts';
import { type CsvSettings, dialectOf } from '../model/formats.ts';
import type { Place, Rejection, Row } from '../model/row.ts';
import { type CsvRecord, csvSplitter } from './csv-records.ts';
import { type Chunk, decode, type Reader, type Refusal, readRejection } from './format.ts';

/**
 * CSV by RFC 4180, or in another dialect, with a header line unless the settings name the columns; blank lines are skipped. Position 1 is
 * the first record below the header.
 */
export const csvReader = (settings: CsvSettings): Reader =>
  async function* (source, options) {
    const rows = rowMaker(settings);
    const split = csvSplitter(dialectOf(settings), settings.multiline ?? true, options.maxRecord);
    let exact = true;
    for await (const part of decode(source, options)) {
      if ('code' in part) return yield { items: [], refusal: part };
      exact &&= part.exact;
      const chunk = rows(split(part, false), exact, false);
      yield chunk;
      if (chunk.refusal) return;
    }
    yield rows(split(null, true), exact, true);
  };

/** Turns records into rows by the header, which is the first of them unless the columns have been named. */
function rowMaker({ columns, rename = {} }: CsvSettings) {
  let header = columns;
  let position = 0;
  return (records: readonly CsvRecord[], exact: boolean, last: boolean): Chunk => {
    const items: (Row | Rejection)[] = [];
    for (const record of records) {
      if (header) items.push(rowOf(record, header, ++position, exact));
      else {
        header = record.fields.map((name) => renamed(name.trim(), rename));
        const refusal = headerProblem(record, header);
        if (refusal) return { items, refusal };
      }
    }
    if (last && !header) return { items, refusal: { code: 'SLU-3009', message: 'the file has no header line' } };
    return { items };
  };
}

const renamed = (name: string, rename: Readonly<Record<string, string>>): string =>
  (Object.hasOwn(rename, name) ? rename[name] : undefined) ?? name;

function rowOf(record: CsvRecord, header: readonly string[], position: number, exact: boolean): Row | Rejection {
  const { fields, raw, line, byte, problem } = record;
  const place: Place = { position, line, byte };
  if (problem) return readRejection(place, problem.code, problem.message, raw);
  if (!exact && !raw.isWellFormed()) {
    return readRejection(place, 'SLU-3006', 'the record holds bytes that are not UTF-8', raw);
  }
  if (fields.length !== header.length) {
    return readRejection(place, 'SLU-2002', `${fields.length} columns where the header has ${header.length}`, raw);
  }
  const values: Record<string, string> = {};
  for (let i = 0; i < header.length; i++) values[header[i] as string] = fields[i] as string;
  return { position, line, byte, values, raw };
}

function headerProblem({ problem, line, raw }: CsvRecord, header: readonly string[]): Refusal | undefined {
  const no = (message: string): Refusal => ({ code: 'SLU-3009', message: `line ${line}: ${message}` });
  if (!raw.isWellFormed())
    return { code: 'SLU-3006', message: `line ${line}: the header holds bytes that are not UTF-8` };
  if (problem) return no(problem.message);
  if (header.length > caps.columns) return no(`${header.length} columns; the platform takes ${caps.columns}`);
  const seen = new Set<string>();
  for (const [index, name] of header.entries()) {
    if (name === '') return no(`column ${index + 1} has no name`);
    if (seen.has(name)) return no(`column "${name}" is there twice`);
    if (name === '__proto__') return no(`a column cannot be named "${name}"`);
    seen.add(name);
  }
  return undefined;
}
