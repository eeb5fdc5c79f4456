import { fieldIn } from '../model/fields.ts';
import { jsonText } from '../model/json-text.ts';
import { didYouMean } from '../model/nearest.ts';
import { type FieldValues, RowError } from '../model/row.ts';
import { show } from '../model/show.ts';
import type { Feed } from '../model/tenant.ts';

type Values = Readonly<Record<string, unknown>>;

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '';

/**
 * Holds records to the columns that their feed has declared, around the transform: `check` before it, and `rescue` adds to its rows what the feed does
 * not know. Null for a feed that has declared nothing.
 */
export function contractOf({ contract, table }: Feed) {
  if (!contract) return null;
  const { required = [], optional = [], unknown = 'ignore' } = contract;
  const names = [...required, ...optional];
  const known = new Set(names);
  const strangersIn = (values: FieldValues) => Object.keys(values).filter((name) => !known.has(name));
  const column = typeof unknown === 'object' ? unknown.rescue : '';
  const isText = table.columns[column] === 'text';

  return {
    /** Null when the record is as the contract has it. */
    check(values: FieldValues): RowError | null {
      for (const name of required) {
        if (!isEmpty(fieldIn(values, name))) continue;
        return new RowError('SLU-2003', `column "${name}" is missing or empty, and the feed requires it`, name);
      }
      const [stranger] = unknown === 'reject' ? strangersIn(values) : [];
      if (stranger === undefined) return null;
      const hint = didYouMean(stranger, names) || `; it knows ${names.join(', ')}`;
      const message = `column ${show(stranger)} is none that the feed knows${hint}`;
      return new RowError('SLU-2020', message, stranger, values[stranger]);
    },
    /** Rows of a record without unknown columns stay as they are: nothing is written over. */
    rescue(values: FieldValues, outputs: readonly Values[]): readonly Values[] {
      if (column === '' || outputs.length === 0) return outputs;
      const strangers = strangersIn(values);
      if (strangers.length === 0) return outputs;
      const found = strangers.map((name) => [name, values[name]] as const);
      const rescued = isText
        ? jsonText(Object.fromEntries(found))
        : new Map(found.map(([name, value]) => [name, typeof value === 'string' ? value : jsonText(value)]));
      return outputs.map((output) => ({ ...output, [column]: rescued }));
    },
  };
}
