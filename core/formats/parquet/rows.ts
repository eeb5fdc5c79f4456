import { jsonText } from '../../model/json-text.ts';
import { ExactNumber, type FieldValues, type Rejection, type Row } from '../../model/row.ts';
import { type ReadOptions, readRejection } from '../format.ts';
import { Broken } from './values.ts';

/**
 * A row whose text is made when it is asked for, which it is of few rows. As a class, for an object literal with a getter costs a closure
 * and half a microsecond.
 */
class ParquetRow implements Row {
  readonly position: number;
  readonly values: FieldValues;
  readonly size: number;
  constructor(position: number, values: FieldValues, size: number) {
    this.position = position;
    this.values = values;
    this.size = size;
  }
  get raw(): string {
    return jsonText(this.values);
  }
}

/** What becomes of a record's values: a row, or a rejection. */
export function itemOf(values: FieldValues, position: number, { maxRecord }: ReadOptions): Row | Rejection {
  const { size, broken } = survey(values);
  if (broken) {
    const [column, { code, message }] = broken;
    return { ...readRejection({ position }, code, `column "${column}": ${message}`, jsonText(values)), column };
  }
  if (size > maxRecord) {
    return readRejection(
      { position },
      'SLU-2009',
      `the record is longer than ${maxRecord} characters`,
      jsonText(values),
    );
  }
  return new ParquetRow(position, values, size);
}

/** How many characters a record has, about, and the first value that its type does not allow. */
function survey(values: FieldValues): { size: number; broken: readonly [column: string, Broken] | null } {
  let size = 0;
  let found: Broken | null = null;
  const look = (value: unknown): void => {
    if (typeof value === 'string') size += value.length + 3;
    else if (typeof value !== 'object' || value === null) size += 8;
    else if (value instanceof Uint8Array) size += 2 * value.length;
    else if (value instanceof Broken) found ??= value;
    else if (!(value instanceof ExactNumber)) for (const part of Object.values(value)) look(part);
    else size += value.text.length;
  };
  for (const name in values) {
    look(values[name]);
    if (found) return { size, broken: [name, found] };
  }
  return { size, broken: null };
}
