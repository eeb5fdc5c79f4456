import { bytesOf } from '../support/bytes.ts';
import type { BadFile } from './bad-file.ts';

const ann = ['1', 'Ann', '3'];
const bob = ['2', 'Bob', '4'];

/** Text in cells by other rules than those of CSV. */
const dialectFiles: readonly BadFile[] = [
  {
    file: 'csv/dialect-comma-in-semicolons.csv',
    feed: 'semicolons',
    state: 'loaded',
    rows: [{ 'id,name,amount': '1,Ann,3' }],
    because: 'a feed of semicolons has one column here; a transform that reads `id` would reject it',
  },
  {
    file: 'csv/dialect-decimal-comma.csv',
    feed: 'semicolons',
    state: 'loaded',
    rows: [
      ['1', 'Ann', '3,5'],
      ['2', 'Lee; Bob', '4'],
    ],
    because: 'a comma is a letter where semicolons delimit',
  },
  {
    file: 'csv/dialect-escape.csv',
    feed: 'semicolons',
    state: 'partial',
    rows: [
      ['1', 'Ann "Annie" Lee', '3'],
      ['2', 'C:\\', '4'],
    ],
    rejected: [
      [3, 4, 'SLU-2001'],
      [4, 5, 'SLU-2001'],
    ],
    because: 'where a backslash escapes, a doubled quote ends the cell, and an escaped one does not',
  },
  {
    file: 'csv/dialect-escape-at-end.csv',
    feed: 'semicolons',
    state: 'partial',
    rows: [],
    rejected: [[1, 2, 'SLU-2001']],
    because: 'the file was cut behind an escape',
  },
  {
    file: 'csv/headerless.csv',
    feed: 'headerless',
    state: 'partial',
    rows: [ann, ['3', 'Cid', '5']],
    rejected: [[2, 2, 'SLU-2002']],
    because: 'where the feed names the columns the first line is a record, and they are counted all the same',
  },
  {
    file: 'csv/headerless-with-header.csv',
    feed: 'headerless',
    state: 'loaded',
    rows: [['id', 'name', 'amount'], ann],
    because: 'a header that nobody expects is a record; its transform would reject it',
  },
  {
    file: 'csv/headerless-newline-in-quotes.csv',
    feed: 'headerless',
    state: 'partial',
    rows: [bob],
    rejected: [
      [1, 1, 'SLU-2001'],
      [2, 2, 'SLU-2001'],
    ],
    because: 'where the feed says that no cell holds a line end, each line is a record by itself',
  },
  {
    file: 'csv/headerless-empty.csv',
    feed: 'headerless',
    state: 'loaded',
    rows: [],
    because: 'no header is missing, and no record is lost',
  },
  {
    file: 'csv/quoteless.csv',
    feed: 'quoteless',
    state: 'partial',
    rows: [
      ['1', 'Ann "Annie" Lee', '3'],
      ['2', '"Bob', '4'],
    ],
    rejected: [[3, 4, 'SLU-2002']],
    because: 'where nothing is quoted a quote is a letter, and half a delimiter is none',
  },
  {
    file: 'csv/renamed.csv',
    feed: 'renamed',
    state: 'loaded',
    rows: [{ id: '1', name: 'Ann', amount: '3' }],
    because: 'columns are called what the feed calls them',
  },
  {
    file: 'csv/renamed-to-another.csv',
    feed: 'renamed',
    state: 'refused',
    code: 'SLU-3009',
    because: 'a column that is renamed to the name of another would take its place',
  },
];

const tsvFiles: readonly BadFile[] = [
  {
    file: 'tsv/whole.tsv',
    state: 'loaded',
    rows: [['1', 'Ann, Lee', '3'], bob],
    because: 'a comma is a letter where tabs delimit',
  },
  { file: 'tsv/row-short.tsv', state: 'partial', rows: [ann], rejected: [[2, 3, 'SLU-2002']], because: 'as in CSV' },
  { file: 'tsv/row-long.tsv', state: 'partial', rows: [bob], rejected: [[1, 2, 'SLU-2002']], because: 'as in CSV' },
  {
    file: 'tsv/tab-trailing.tsv',
    state: 'partial',
    rows: [bob],
    rejected: [[1, 2, 'SLU-2002']],
    because: 'a tab at the end cannot be seen, and makes a fourth cell',
  },
  {
    file: 'tsv/tab-in-quotes.tsv',
    state: 'loaded',
    rows: [['1', 'Ann\tLee', '3'], bob],
    because: 'quotes protect a tab as they do a comma',
  },
  {
    file: 'tsv/tab-as-backslash.tsv',
    state: 'loaded',
    rows: [['1', 'Ann\\tLee', '\\N']],
    because: 'what MySQL and PostgreSQL mean by a backslash is not guessed; it is kept as it stands',
  },
  {
    file: 'tsv/quote-in-text.tsv',
    state: 'partial',
    rows: [bob],
    rejected: [[1, 2, 'SLU-2001']],
    because: 'as in CSV, unless the feed says `quote: null`',
  },
  {
    file: 'tsv/spaces-for-tabs.tsv',
    feed: 'people',
    state: 'partial',
    rows: 0,
    rejected: [[1, 2, 'SLU-2003']],
    because: 'an editor has made blanks of the tabs: one column, and none that the feed reads',
  },
  {
    file: 'tsv/really-csv.tsv',
    feed: 'people',
    state: 'partial',
    rows: 0,
    rejected: [[1, 2, 'SLU-2003']],
    because: 'commas do not delimit what is sent as .tsv',
  },
  {
    file: 'tsv/lines-crlf.tsv',
    state: 'loaded',
    rows: [ann, ['2', 'Bob', '']],
    because: 'a carriage return at the end of a line is no part of an empty cell',
  },
];

const lines = (...texts: readonly string[]) => texts.map((line) => ({ line }));

const lineFiles: readonly BadFile[] = [
  { file: 'lines/whole.txt', state: 'loaded', rows: lines('first', 'second'), because: 'each line is a record' },
  {
    file: 'lines/last-line-no-newline.txt',
    state: 'loaded',
    rows: lines('first', 'second'),
    because: 'the last line needs no newline',
  },
  {
    file: 'lines/empty-lines.txt',
    state: 'loaded',
    rows: lines('', 'first', '', '', 'second', ''),
    because: 'an empty line is a line of text; the last newline ends one and begins none',
  },
  { file: 'lines/blanks.txt', state: 'loaded', rows: lines('  ', '\t', ' first '), because: 'blanks are text' },
  {
    file: 'lines/lines-crlf.txt',
    state: 'loaded',
    rows: lines('first', '', 'second'),
    because: 'a carriage return before a newline is part of the line end',
  },
  {
    file: 'lines/lines-cr.txt',
    state: 'loaded',
    rows: lines('first\rsecond'),
    because: 'programs that draw over their own line write such text; alone it ends no line, and is kept',
  },
  {
    file: 'lines/lines-unicode.txt',
    state: 'loaded',
    rows: lines('fi\u2028rst', 'se\u0085cond\v\f'),
    because: 'what Unicode calls a line end is kept',
  },
  { file: 'lines/bom.txt', state: 'loaded', rows: lines('first'), because: 'the byte order mark is no text' },
  {
    file: 'lines/latin-1.txt',
    state: 'partial',
    rows: lines('first', 'third'),
    rejected: [[2, 2, 'SLU-3006']],
    because: 'a line that is not UTF-8 costs itself',
  },
  { file: 'lines/utf-16.txt', state: 'refused', code: 'SLU-3006', because: 'UTF-16 is not UTF-8' },
  {
    file: 'lines/escape-sequences.txt',
    state: 'loaded',
    rows: lines('\u001b[2J\u001b]0;owned\u0007', '\u202etxt'),
    because: 'what would command a terminal is text as long as it is kept',
  },
  { file: 'lines/really-csv.txt', state: 'loaded', rows: lines('id,name', '1,"Ann'), because: 'any text is lines' },
  { file: 'lines/empty.txt', state: 'refused', code: 'SLU-3004', because: 'no bytes are most likely a failed export' },
  {
    file: 'lines/line-endless.txt',
    content: () => bytesOf(`first\n${'x'.repeat(3_000_000)}`),
    state: 'partial',
    rows: lines('first'),
    rejected: [[2, 2, 'SLU-2009']],
    because: 'a line without end is given up at the largest record',
  },
  {
    file: 'lines/line-giant.txt',
    content: () => bytesOf(`${'x'.repeat(200_000)}\nsecond\n`),
    state: 'partial',
    rows: lines('second'),
    rejected: [[1, 1, 'SLU-2009']],
    because: 'the line behind a giant one is read',
  },
  {
    file: 'lines/newlines-too-many.txt',
    content: () => bytesOf('\n'.repeat(50_001)),
    state: 'refused',
    code: 'SLU-3007',
    because: 'empty lines are rows, and there are more than the profile allows',
  },
];

export const textFiles: readonly BadFile[] = [...dialectFiles, ...tsvFiles, ...lineFiles];
