import { createHash } from 'node:crypto';
import { isRejection, type Refusal, readRejection } from '../core/formats/format.ts';
import { readRecords } from '../core/formats/readers.ts';
import { capped } from '../core/model/capped.ts';
import { extensions, type FileFormat, type Format, fileFormatOf, settingsOf } from '../core/model/formats.ts';
import { jsonText } from '../core/model/json-text.ts';
import { didYouMean } from '../core/model/nearest.ts';
import { type Place, placeOf, type Rejection, type Row } from '../core/model/row.ts';
import { primaryKey } from '../core/model/table.ts';
import type { Feed, Tenant } from '../core/model/tenant.ts';
import { maxRecordOf } from '../core/pipeline/first-pass.ts';
import type { StoredObject } from '../core/ports.ts';
import { CliError } from './errors.ts';

/** Where records come from: a file, or standard input. */
export interface Source {
  readonly stored: StoredObject;
  readonly format: FileFormat;
  /** It may go on for ever: its records are wanted as they come. */
  readonly live: boolean;
}

/** A record as it goes onto the stream. */
export interface Produced extends Place {
  readonly key: string;
  readonly data: string;
}

export interface Making {
  readonly tenant: Tenant;
  readonly feed: Feed;
  /** The column whose value is the partition key; undefined: see `defaultKey`. */
  readonly partitionKey: string | undefined;
}

/** All formats: records of any become messages, whatever the feed takes as files; its own settings come first. */
const formatsOf = ({ formats }: Feed) => [...formats, ...(Object.keys(extensions) as Format[])];

/** The format that is named, or else the one of the file's extension; standard input is NDJSON unless something else is said. */
export function formatFor(name: string, named: string | undefined, feed: Feed): FileFormat {
  const known = Object.keys(extensions);
  const wanted = named ?? (name === '-' ? 'ndjson' : undefined);
  if (wanted !== undefined) {
    const settings = formatsOf(feed)
      .map(settingsOf)
      .find(({ format }) => format === wanted);
    if (settings) return { among: [settings], compression: null };
    const hint = didYouMean(wanted, known) || `; known are ${known.join(', ')}`;
    throw new CliError('SLU-4003', `no format is named "${wanted}"${hint}`);
  }
  const found = fileFormatOf(name, formatsOf(feed));
  if (found?.among.length === 1) return found;
  throw new CliError('SLU-4003', `the extension of ${name} does not tell its format`, {
    next: `name it: --format ${known.join(' | ')}`,
  });
}

/** Reads records and makes messages of them, as they come; a refusal when the rest cannot be read. */
export async function* messagesIn(
  source: Source,
  making: Making,
  signal: AbortSignal,
): AsyncGenerator<{ readonly items: readonly (Produced | Rejection)[]; readonly refusal?: Refusal }> {
  const maxRecord = maxRecordOf(making.tenant.limits);
  const make = messageMaker(source.format, making);
  for await (const { items, refusal } of readRecords(
    source.stored,
    source.format,
    { maxRecord, live: source.live },
    signal,
  )) {
    const made = items.map((item) => (isRejection(item) ? item : make(item)));
    yield refusal ? { items: made, refusal } : { items: made };
  }
}

/**
 * Makes the message of a row: the envelope with the feed's name, and the record as it was written (JSON), or its cells by column. A column for the
 * key that the very first record lacks is a slip of the command line; one that a later record lacks is the record's fault.
 */
function messageMaker({ among }: FileFormat, { tenant, feed, partitionKey }: Making) {
  const { maxMessageBytes } = capped(tenant.limits);
  const asWritten = among[0]?.format === 'ndjson' || among[0]?.format === 'json';
  const opening = `{"feed":${JSON.stringify(feed.name)},"message":`;
  const columns = primaryKey(feed.table);
  let first = true;

  return (row: Row): Produced | Rejection => {
    const { values, raw } = row;
    const text = asWritten ? raw : jsonText(values);
    if (partitionKey !== undefined && first && values[partitionKey] === undefined)
      throw noSuchColumn(partitionKey, Object.keys(values));
    first = false;
    const key = partitionKey === undefined ? keyOf(values, columns) : keyOf(values, [partitionKey]);
    if (partitionKey !== undefined && key === undefined)
      return {
        ...readRejection(row, 'SLU-2003', `column "${partitionKey}" is missing or empty`, raw),
        column: partitionKey,
      };
    const data = `${opening}${text}}`;
    const bytes = Buffer.byteLength(data);
    if (bytes > maxMessageBytes) {
      const message = `the message has ${bytes} bytes; the profile allows ${maxMessageBytes}`;
      return readRejection(row, 'SLU-2009', message, raw);
    }
    return { ...placeOf(row), key: key ?? digest(text), data };
  };
}

function noSuchColumn(name: string, columns: readonly string[]): CliError {
  return new CliError('SLU-4006', `the records have no column "${name}" for the key${didYouMean(name, columns)}`, {
    details: [`columns: ${columns.join(', ')}`],
  });
}

/** Kinesis takes keys of 256 characters. */
const LONGEST_KEY = 256;

/** The values of columns as one key; undefined when all are missing or empty. Equal values make equal keys, however long. */
function keyOf(values: Row['values'], columns: readonly string[]): string | undefined {
  const parts = columns.map((column) => cellOf(values[column]));
  if (parts.every((part) => part === '')) return undefined;
  const key = parts.join('/');
  return key.length > LONGEST_KEY ? digest(key) : key;
}

const cellOf = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? jsonText(value) : String(value);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
