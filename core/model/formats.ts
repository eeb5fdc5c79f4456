/**
 * Formats of files, each with the extensions of its files; compressed ones have `.gz` or `.zst` behind. Messages on the stream are JSON
 * objects.
 */
export const extensions = {
  csv: ['.csv'],
  tsv: ['.tsv'],
  ndjson: ['.ndjson', '.jsonl'],
  json: ['.json'],
  parquet: ['.parquet'],
  xml: ['.xml'],
  lines: ['.txt'],
} as const;
export type Format = keyof typeof extensions;

export const compressions = { gzip: '.gz', zstd: '.zst' } as const;
export type Compression = keyof typeof compressions;

interface Common {
  /** Extensions instead of the format's own, such as `.psv`: in lower case, with the dot. */
  readonly extensions?: readonly string[];
}

/** Text in cells: comma-separated (`csv`) or tab-separated (`tsv`). What is absent is as RFC 4180 has it. */
export interface CsvSettings extends Common {
  readonly format: 'csv' | 'tsv';
  /** What stands between two cells: 1 to 8 characters. */
  readonly delimiter?: string;
  /** What stands around a cell that holds delimiters or line ends: one character, or null where no cell is ever quoted. */
  readonly quote?: string | null;
  /** What stands before a quote inside of a quoted cell, and before itself: one character; the quote itself when absent. */
  readonly escape?: string;
  /** Names of the columns of files without a header line. */
  readonly columns?: readonly string[];
  /** Names for columns, by their names in the header. */
  readonly rename?: Readonly<Record<string, string>>;
  /** False: no cell holds a line end, so that a line is a record whatever its quotes; true when absent. */
  readonly multiline?: boolean;
}

/** How cells stand in a line; an escape that is the quote itself means that a quote in a cell is doubled. */
export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string | null;
  readonly escape: string | null;
}

export function dialectOf(settings: CsvSettings): CsvDialect {
  const { format, delimiter = format === 'csv' ? ',' : '\t', quote = '"' } = settings;
  return { delimiter, quote, escape: quote === null ? null : (settings.escape ?? quote) };
}

/** A JSON object a line. */
export interface NdjsonSettings extends Common {
  readonly format: 'ndjson';
}

/** Plain text: each line is a record with the one field `line`. */
export interface LinesSettings extends Common {
  readonly format: 'lines';
}

/** One JSON document: an array of records, or one record. */
export interface JsonSettings extends Common {
  readonly format: 'json';
  /** The names that lead from the root to the array, such as `['result', 'flights']`; the root itself when absent. */
  readonly path?: readonly string[];
}

/** XML, in which an element stands for a record. Its attributes and child elements are the fields. */
export interface XmlSettings extends Common {
  readonly format: 'xml';
  /** The name of the element; absent: each child of the root is a record. */
  readonly record?: string;
  /** What stands before the names of fields that were attributes, such as `@`; nothing when absent. */
  readonly attributes?: string;
  /** Names of elements that may repeat inside of another: they are lists, also where there is only one. */
  readonly lists?: readonly string[];
}

/** Apache Parquet; the types of its columns are its own. */
export interface ParquetSettings extends Common {
  readonly format: 'parquet';
  /** True: bytes that are not said to be text are text, as some old writers mean it. */
  readonly binaryAsText?: boolean;
}

/** A format with what is particular to a feed's files of it. */
export type FormatSettings =
  | CsvSettings
  | NdjsonSettings
  | JsonSettings
  | ParquetSettings
  | XmlSettings
  | LinesSettings;

export const settingsOf = (entry: Format | FormatSettings): FormatSettings =>
  typeof entry === 'string' ? { format: entry } : entry;

/** The extensions of a feed's files of a format, without those of compression. */
export const extensionsOf = (entry: Format | FormatSettings): readonly string[] => {
  const settings = settingsOf(entry);
  return settings.extensions ?? extensions[settings.format];
};

/** What a file is to be read as. */
export interface FileFormat {
  /** One by the file's extension; a file that has none is one of all that the feed takes, as its content tells. */
  readonly among: readonly FormatSettings[];
  /** How the extension says that it is compressed; null when it says nothing. */
  readonly compression: Compression | null;
}

/** What a key's extension says, in any case of letters; null when it is none of the feed's. */
export function fileFormatOf(key: string, formats: readonly (Format | FormatSettings)[]): FileFormat | null {
  let name = key.slice(key.lastIndexOf('/') + 1).toLowerCase();
  const compression = (Object.keys(compressions) as Compression[]).find((each) => name.endsWith(compressions[each]));
  if (compression) name = name.slice(0, -compressions[compression].length);
  // The longest extension that fits is the most particular one: `.big.csv` before `.csv`.
  const fitting = formats
    .flatMap((entry) => extensionsOf(entry).map((extension) => ({ extension, settings: settingsOf(entry) })))
    .filter(({ extension }) => name.endsWith(extension))
    .toSorted((a, b) => b.extension.length - a.extension.length);
  if (fitting[0]) return { among: [fitting[0].settings], compression: compression ?? null };
  return name.includes('.') ? null : { among: formats.map(settingsOf), compression: compression ?? null };
}
