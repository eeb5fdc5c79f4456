import { cellsIn } from '../formats/locate.ts';
import { decimalText } from '../model/digits.ts';
import type { CsvSettings } from '../model/formats.ts';
import { show } from '../model/show.ts';
import { databaseNames } from './names.ts';

/** Lines at the start of a file by which its dialect is told. */
const LINES = 100;

const NAMES: Readonly<Record<string, string>> = { ',': 'a comma', ';': 'a semicolon', '\t': 'a tab', '|': 'a bar' };

/** How text is cut into cells, with what was guessed of it. */
export interface DialectGuess {
  readonly settings: CsvSettings;
  readonly notes: readonly string[];
}

/** Tells by the start of a file what delimits its cells, and whether it begins with a header. */
export function guessDialect(start: string, format: 'csv' | 'tsv'): DialectGuess {
  // The last line may have been cut.
  const lines = start
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .slice(0, LINES);
  const usual = format === 'csv' ? ',' : '\t';
  const cutBy = (delimiter: string) => {
    const counts = lines.map((line) => cellsIn(line, delimiter).length);
    const same = counts.filter((each) => each === counts[0]).length;
    return { delimiter, cells: counts[0] ?? 1, share: same / Math.max(1, counts.length) };
  };
  const asUsual = cutBy(usual);
  const others = Object.keys(NAMES)
    .filter((delimiter) => delimiter !== usual)
    .map(cutBy);
  const best = others.filter(({ cells, share }) => cells > 1 && share >= 0.9).toSorted((a, b) => b.cells - a.cells)[0];
  const chosen = best && (asUsual.cells === 1 || asUsual.share < 0.9) ? best : asUsual;
  const notes =
    chosen === asUsual
      ? []
      : [
          `${NAMES[chosen.delimiter]} delimits: it cuts ${Math.round(chosen.share * lines.length)} of the first ${lines.length} lines into ${chosen.cells} cells, ${NAMES[usual]} does not`,
        ];
  const delimited: CsvSettings = { format, ...(chosen !== asUsual && { delimiter: chosen.delimiter }) };
  const first = cellsIn(lines[0] ?? '', chosen.delimiter).map(({ start: from, end }) =>
    plain((lines[0] as string).slice(from, end)),
  );
  const value = first.find(isValue);
  if (value === undefined) return { settings: delimited, notes };
  const columns = databaseNames(first.map((_, index) => `column ${index + 1}`));
  return {
    settings: { ...delimited, columns },
    notes: [
      ...notes,
      `no header: the first line has the value ${show(value)}, so it is taken for a record, and the columns have numbers for names`,
    ],
  };
}

const plain = (cell: string): string => cell.trim().replace(/^"(.*)"$/, '$1');

/** A number or a day is no name, unless it is a year, as of tables with a column for each. */
const isValue = (cell: string): boolean =>
  /^\d{4}-\d\d-\d\d/.test(cell) || (decimalText(cell) !== null && !/^(19|20)\d\d$/.test(cell));
