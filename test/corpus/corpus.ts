import type { BadFile } from './bad-file.ts';
import { csvFiles } from './csv.ts';
import { ndjsonFiles } from './ndjson.ts';

export const corpus: readonly BadFile[] = [...csvFiles, ...ndjsonFiles];
