import type { Row, Source } from '../model/row.ts';
import type { SinkRow } from '../ports.ts';

/** A row for the table and the record that it is made of, whose place others of its rows have, too. */
export interface Output extends Source, SinkRow {}

/** A record without its fields, which are no longer needed unless its text is made of them. */
export class RecordSource implements Source {
  readonly position: Source['position'];
  readonly line: Source['line'];
  readonly byte: Source['byte'];
  private readonly text: string | Row;

  constructor(row: Row) {
    this.position = row.position;
    this.line = row.line;
    this.byte = row.byte;
    // A record with a size of its own has no text but what is made of its fields.
    this.text = row.size === undefined ? row.raw : row;
  }

  get raw(): string {
    return typeof this.text === 'string' ? this.text : this.text.raw;
  }
}

/** One object for a row and its record: those of the windows that are not stored yet are what fills the memory. */
export class RecordOutput extends RecordSource implements Output {
  readonly values: SinkRow['values'];
  readonly writeTime: number;

  constructor(row: Row, values: SinkRow['values'], writeTime: number) {
    super(row);
    this.values = values;
    this.writeTime = writeTime;
  }
}
