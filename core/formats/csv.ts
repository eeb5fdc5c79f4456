import { caps } from '../model/caps.ts';
import { type CsvSettings, dialectOf } from '../model/formats.ts';
import type { Place, Rejection, Row } from '../model/row.ts';
import { type CsvRecord, csvSplitter } from './csv-records.ts';
import { type Chunk, decode, type Reader, type Refusal, readRejection, UNREAD, type Within } from './format.ts';

/**
 * CSV by RFC 4180, or in another dialect, with a header line unless the settings name the columns; blank lines are skipped. Position 1 is
 * the first record below the header.
 */
export const csvReader = (settings: CsvSettings): Reader =>
  async function* (source, options) {
    const { within, maxRecord, counting } = options;
    const multiline = settings.multiline ?? true;
    const head = within && !settings.columns ? await headOf(settings, within, maxRecord) : null;
    if (head && 'code' in head) return yield { items: [], refusal: head };
    const rows = rowMaker(settings, head?.header ?? settings.columns, within?.position, counting);
    const split = csvSplitter(dialectOf(settings), multiline, maxRecord, within, counting);
    const belowHead = (found: readonly CsvRecord[]) => (head ? found.filter(({ byte }) => byte > head.byte) : found);
    let exact = true;
    for await (const part of decode(source, options)) {
      if ('code' in part) return yield { items: [], refusal: part };
      exact &&= part.exact;
      const chunk = rows(belowHead(split(part, false)), exact, false);
      yield { ...chunk, next: split.place() };
      if (chunk.refusal || split.isBehind()) return;
    }
    const chunk = rows(belowHead(split(null, true)), exact, true);
    yield { ...chunk, next: split.place() };
  };

interface Head {
  readonly header: readonly string[];
  /** Offset of its first byte. */
  readonly byte: number;
}

/** The header at the start of a text of which a part is read. */
async function headOf(settings: CsvSettings, within: Within, maxRecord: number): Promise<Head | Refusal> {
  const split = csvSplitter(dialectOf(settings), settings.multiline ?? true, maxRecord);
  const none: Refusal = { code: 'SLU-3009', message: NO_HEADER };
  const made = (records: readonly CsvRecord[]): Head | Refusal | null => {
    const [record] = records;
    if (!record) return null;
    const { header, refusal } = headerOf(record, settings);
    return refusal ?? { header, byte: record.byte };
  };
  for await (const part of decode(within.head())) {
    if ('code' in part) return part;
    const head = made(split(part, false));
    if (head) return head;
  }
  return made(split(null, true)) ?? none;
}

const NO_HEADER = 'the file has no header line';

function headerOf(record: CsvRecord, { rename = {} }: CsvSettings) {
  const header = record.fields.map((name) => renamed(name.trim(), rename));
  return { header, refusal: headerProblem(record, header) };
}

/** Turns records into rows by the header, which is the first of them unless the columns have been named. */
function rowMaker(settings: CsvSettings, columns: readonly string[] | undefined, first = 1, counting = false) {
  let header = columns;
  let position = first - 1;
  return (records: readonly CsvRecord[], exact: boolean, last: boolean): Chunk => {
    const items: (Row | Rejection)[] = [];
    for (const record of records) {
      if (header && counting) items.push(countedOf(record, ++position));
      else if (header) items.push(rowOf(record, header, ++position, exact));
      else {
        const made = headerOf(record, settings);
        header = made.header;
        if (made.refusal) return { items, refusal: made.refusal };
      }
    }
    if (last && !header) return { items, refusal: { code: 'SLU-3009', message: NO_HEADER } };
    return { items };
  };
}

const renamed = (name: string, rename: Readonly<Record<string, string>>): string =>
  (Object.hasOwn(rename, name) ? rename[name] : undefined) ?? name;

const countedOf = ({ line, byte, raw }: CsvRecord, position: number): Row => ({
  position,
  line,
  byte,
  values: UNREAD,
  raw,
});

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
