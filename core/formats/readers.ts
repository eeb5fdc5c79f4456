import { extensions, type Format } from '../model/tenant.ts';
import { readCsv } from './csv.ts';
import type { Reader } from './format.ts';
import { readNdjson } from './ndjson.ts';

export const readers: Readonly<Record<Format, Reader>> = { csv: readCsv, ndjson: readNdjson };

/** The format that a file's extension stands for, in any case of letters. */
export const formatOf = (key: string): Format | undefined =>
  (Object.keys(extensions) as Format[]).find((format) =>
    extensions[format].some((extension) => key.toLowerCase().endsWith(extension)),
  );
