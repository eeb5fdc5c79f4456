import type { BadFile } from './bad-file.ts';
import { csvFiles } from './csv.ts';
import { gzipFiles } from './gzip.ts';
import { ndjsonFiles } from './ndjson.ts';
import { textFiles } from './text.ts';
import { zstdFiles } from './zstd.ts';

export const corpus: readonly BadFile[] = [...csvFiles, ...textFiles, ...ndjsonFiles, ...gzipFiles, ...zstdFiles];
