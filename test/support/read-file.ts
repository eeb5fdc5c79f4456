import { isRejection, type Refusal } from '../../core/formats/format.ts';
import { readRecords } from '../../core/formats/readers.ts';
import { type Format, type FormatSettings, settingsOf } from '../../core/model/formats.ts';
import type { FieldValues, Rejection, Row } from '../../core/model/row.ts';
import { bytesOf, type Cuts, cut } from './bytes.ts';
import { storedBytes } from './stored.ts';

interface HowToRead {
  readonly maxRecord?: number;
  readonly cuts?: Cuts;
}

/** Reads a file as the platform does, whatever its format: decompressed by its content, in the given pieces. */
export async function readFile(
  content: Uint8Array | string,
  format: Format | FormatSettings,
  { maxRecord = 65_536, cuts = [] }: HowToRead = {},
) {
  const bytes = typeof content === 'string' ? bytesOf(content) : content;
  const items: (Row | Rejection)[] = [];
  let refusal: Refusal | undefined;
  const whole = storedBytes(bytes);
  const stored = {
    ...whole,
    open: (signal: AbortSignal, range?: { start: number; end: number }) =>
      range ? whole.open(signal, range) : pieces(cut(bytes, cuts)),
  };
  const files = { among: [settingsOf(format)], compression: null };
  for await (const chunk of readRecords(stored, files, { maxRecord }, new AbortController().signal)) {
    items.push(...chunk.items);
    refusal = chunk.refusal;
  }
  return { items, refusal };
}

async function* pieces(of: readonly Uint8Array[]) {
  yield* of;
}

/** Of each record its fields, or the code of its rejection; last the code of the refusal, if there is one. */
export async function outcomesOf(
  content: Uint8Array | string,
  format: Format | FormatSettings,
  how: HowToRead = {},
): Promise<(FieldValues | string)[]> {
  const { items, refusal } = await readFile(content, format, how);
  const outcomes = items.map((item) => (isRejection(item) ? item.code : item.values));
  return refusal ? [...outcomes, refusal.code] : outcomes;
}
