import { RowError } from './row.ts';
import { show } from './show.ts';

/** Why a value is none of its type. */
export class Misfit {
  readonly value: unknown;
  /** Such as `a whole number of 32 bits`. */
  readonly expected: string;
  constructor(value: unknown, expected: string) {
    this.value = value;
    this.expected = expected;
  }

  /** The rejection of a field's value; a column of another name is told too. */
  inColumn(field: string, type: string, column = field): RowError {
    const target = field === column ? type : `${type} ${column}`;
    return new RowError(
      'SLU-2004',
      `column "${field}" (${target}): ${show(this.value)} is not ${this.expected}`,
      field,
    );
  }
}

/** Reads a value that is there (neither absent nor null); what comes back is a value for the column, or a `Misfit`. */
export type Reading = (source: unknown) => unknown;
