import type { BadFile } from './bad-file.ts';
import { csvFiles } from './csv.ts';
import { gzipFiles } from './gzip.ts';
import { jsonFiles } from './json.ts';
import { ndjsonFiles } from './ndjson.ts';
import { parquetFiles } from './parquet.ts';
import { textFiles } from './text.ts';
import { typeFiles } from './types.ts';
import { xmlFiles } from './xml.ts';
import { zstdFiles } from './zstd.ts';

export const corpus: readonly BadFile[] = [
  ...csvFiles,
  ...textFiles,
  ...ndjsonFiles,
  ...jsonFiles,
  ...xmlFiles,
  ...parquetFiles,
  ...gzipFiles,
  ...zstdFiles,
  ...typeFiles,
];
