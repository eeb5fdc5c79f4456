import type { FileFormat } from '../model/formats.ts';
import type { Stretch } from '../model/plan.ts';
import type { StoredObject } from '../ports.ts';
import { type Refusal, Unreadable } from './format.ts';
import { rangesOf } from './parquet/ranges.ts';
import { rowGroupsOf } from './parquet.ts';
import { lookAt } from './readers.ts';
import { isByLine } from './starts.ts';

/** How a file can be worked on. */
export interface Cut {
  /** Stretches that can be read side by side; null where it must be read in one go. */
  readonly stretches: readonly Stretch[] | null;
  /** Whether going on behind a record costs reading all before it again. */
  readonly goesOn: 'seeking' | 'skipping';
}

/**
 * Cuts a file into stretches of about so many bytes: a text whose records are lines by bytes, Parquet between its row groups. A refusal for a file of which already the first or the
 * last bytes show that it cannot be read; all else is found out by reading.
 */
export async function cut(
  stored: StoredObject,
  format: FileFormat,
  bytes: number,
  signal: AbortSignal,
): Promise<Cut | Refusal> {
  try {
    const { settings, compression, content } = await lookAt(stored, format, signal, true);
    await content.close();
    if (compression) return { stretches: null, goesOn: 'skipping' };
    if (settings.format === 'parquet')
      return { stretches: await byRowGroups(stored, bytes, signal), goesOn: 'seeking' };
    if (!isByLine(settings, compression)) return { stretches: null, goesOn: 'skipping' };
    const isWhole = (settings.format === 'csv' || settings.format === 'tsv') && (settings.multiline ?? true);
    return { stretches: isWhole ? null : byBytes(stored.size, bytes), goesOn: 'seeking' };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { code: error.code, message: error.message };
  }
}

/** More than a byte order mark, which no record begins in. */
const LEAST = 4;

function byBytes(size: number, bytes: number): Stretch[] {
  const count = Math.max(1, Math.floor(size / Math.max(LEAST, bytes)));
  const from = (index: number) => Math.floor((size * index) / count);
  return Array.from({ length: count }, (_, index) => ({ start: from(index), end: from(index + 1) }));
}

/** As many row groups together as have so many bytes. */
async function byRowGroups(stored: StoredObject, bytes: number, signal: AbortSignal): Promise<Stretch[]> {
  const groups = await rowGroupsOf(rangesOf(stored, signal));
  const stretches: Stretch[] = [];
  let start = 0;
  let held = 0;
  for (const [index, group] of groups.entries()) {
    held += group.bytes;
    if (held < bytes && index < groups.length - 1) continue;
    stretches.push({ start, end: index + 1 });
    [start, held] = [index + 1, 0];
  }
  return stretches.length > 0 ? stretches : [{ start: 0, end: 0 }];
}
