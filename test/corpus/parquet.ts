import type { Code } from '../../core/model/codes.ts';
import type { BadFile } from './bad-file.ts';
import { cutOff, gzip, joined } from './compressed.ts';
import { i32, list, parquetFile, schemaElement, struct, withFooter } from './parquet-file.ts';

const whole = parquetFile();
const rows = [
  { id: 1n, name: 'Ann' },
  { id: 2n, name: 'Bob' },
];
const INT64 = 2;
const BYTE_ARRAY = 6;
const STRUCT = 12;

const loaded = (name: string, content: () => Uint8Array, because: string, read: BadFile['rows'] = rows): BadFile => ({
  file: `parquet/${name}`,
  content,
  state: 'loaded',
  rows: read ?? rows,
  because,
});
const refused = (name: string, content: () => Uint8Array, because: string, code: Code = 'SLU-3023'): BadFile => ({
  file: `parquet/${name}`,
  content,
  state: 'refused',
  code,
  because,
});
const schemaOf = (children: number, ...elements: readonly Uint8Array[]) =>
  parquetFile({ schema: [schemaElement('root', { children }), ...elements] });

/** Parquet files, most of them made wrong in one place by hand. */
export const parquetFiles: readonly BadFile[] = [
  loaded('whole.parquet', () => whole, 'whole numbers of 64 bits come with all of their digits'),
  loaded('not-named', () => whole, 'without an extension its first bytes tell what it is'),
  loaded('packed.parquet.gz', () => gzip(whole), 'Parquet that is compressed once more is read all the same'),
  loaded('rows-none.parquet', () => parquetFile({ ids: [], names: [] }), 'a file may have columns and no rows', []),

  // Cut off
  refused('cut-in-magic.parquet', () => cutOff(whole, 3), 'three bytes are not even Parquet', 'SLU-3020'),
  refused('cut-behind-magic.parquet', () => cutOff(whole, 4), 'there is nothing behind its first bytes'),
  refused('cut-in-pages.parquet', () => cutOff(whole, 60), 'what tells where everything lies is at its end'),
  refused('cut-before-length.parquet', () => cutOff(whole, whole.length - 8), 'how long the metadata is, is missing'),
  refused('cut-in-last-magic.parquet', () => cutOff(whole, whole.length - 1), 'one byte is missing'),
  refused('cut-packed.parquet.gz', () => cutOff(gzip(whole), 60), 'what it is compressed by is cut off', 'SLU-3021'),
  refused('then-newline.parquet', () => joined(whole, '\n'), 'its last bytes are its magic'),

  // Magic and length of the metadata
  refused('magic-other.parquet', () => parquetFile({ magic: 'PARX' }), 'another format', 'SLU-3020'),
  refused(
    'magic-encrypted.parquet',
    () => joined(cutOff(whole, whole.length - 4), 'PARE'),
    'nobody here has its key',
    'SLU-3024',
  ),
  refused('length-zero.parquet', () => parquetFile({ footerLength: 0 }), 'metadata of no length'),
  refused(
    'length-too-short.parquet',
    () => parquetFile({ footerLength: 10 }),
    'its metadata would begin in its middle',
  ),
  refused('length-too-long.parquet', () => parquetFile({ footerLength: 5000 }), 'more than the file has'),
  refused(
    'length-hostile.parquet',
    () => parquetFile({ footerLength: 0xffffffff }),
    'four gigabytes of metadata',
    'SLU-3025',
  ),

  // Metadata
  refused(
    'list-hostile.parquet',
    () => withFooter(joined('PAR1'), struct([1, i32(2)], [2, list(STRUCT, [], 2 ** 31 - 1)])),
    'a list of nothing that says it has two thousand million elements',
  ),
  refused(
    'structs-hostile.parquet',
    () => withFooter(joined('PAR1'), new Uint8Array(10_000).fill(0x1c)),
    'ten thousand structs inside of each other',
  ),
  refused('metadata-zeros.parquet', () => withFooter(joined('PAR1'), new Uint8Array(50)), 'nothing but zeros'),
  refused('schema-none.parquet', () => parquetFile({ schema: [] }), 'there is no schema', 'SLU-3009'),
  refused(
    'schema-too-short.parquet',
    () => schemaOf(2_000_000, schemaElement('id', { type: INT64 })),
    'it says two million columns and has one',
    'SLU-3009',
  ),
  refused(
    'schema-too-wide.parquet',
    () => schemaOf(3000, ...Array.from({ length: 3000 }, (_, n) => schemaElement(`c${n}`, { type: INT64 }))),
    'more columns than the platform’s cap',
    'SLU-3009',
  ),
  refused(
    'schema-too-deep.parquet',
    () => parquetFile({ schema: Array.from({ length: 500 }, (_, n) => schemaElement(`c${n}`, { children: 1 })) }),
    'structs inside of structs, five hundred levels down',
    'SLU-3009',
  ),
  refused(
    'schema-name-twice.parquet',
    () => schemaOf(2, schemaElement('id', { type: INT64 }), schemaElement('id', { type: BYTE_ARRAY })),
    'of two columns with one name one would be lost',
    'SLU-3009',
  ),
  refused(
    'schema-name-empty.parquet',
    () => schemaOf(2, schemaElement('', { type: INT64 }), schemaElement('name', { type: BYTE_ARRAY })),
    'nothing could read a column that has no name',
    'SLU-3009',
  ),
  refused(
    'schema-type-unknown.parquet',
    () => schemaOf(2, schemaElement('id', { type: INT64 }), schemaElement('name', { type: 77 })),
    'there is no such type',
    'SLU-3009',
  ),

  // Counts
  refused('rows-more.parquet', () => parquetFile({ fileRows: 3n }), 'it says a row more than it has'),
  refused('rows-fewer.parquet', () => parquetFile({ fileRows: 1n }), 'it says a row less: one would be one too many'),
  refused('rows-negative.parquet', () => parquetFile({ fileRows: -1n, groupRows: -1n }), 'fewer rows than none'),
  refused(
    'rows-hostile.parquet',
    () => parquetFile({ fileRows: 2n ** 62n, groupRows: 2n ** 62n, values: 2n ** 62n }),
    'more rows than fit anywhere',
  ),
  refused(
    'group-rows-more.parquet',
    () => parquetFile({ groupRows: 3n, fileRows: 3n }),
    'its columns have fewer values',
  ),
  refused('group-columns-fewer.parquet', () => parquetFile({ columnsOfGroup: 1 }), 'a column of the schema is missing'),
  refused('values-more.parquet', () => parquetFile({ values: 5n }), 'a column has more values than there are rows'),

  // Where columns lie
  refused('offset-beyond.parquet', () => parquetFile({ offset: 10_000n }), 'behind the end of the file'),
  refused('offset-negative.parquet', () => parquetFile({ offset: -5n }), 'before its start'),
  refused(
    'offset-in-metadata.parquet',
    () => parquetFile({ offset: BigInt(whole.length - 30) }),
    'inside of its metadata',
  ),
  refused('path-of-another.parquet', () => parquetFile({ path: 'other' }), 'a column that the schema does not have'),
  refused(
    'path-to-file.parquet',
    () => parquetFile({ filePath: '../../etc/passwd' }),
    'a column in another file',
    'SLU-3024',
  ),

  // Pages
  refused('codec-lzo.parquet', () => parquetFile({ codec: 3 }), 'a codec that nobody reads any more', 'SLU-3024'),
  refused('codec-unknown.parquet', () => parquetFile({ codec: 42 }), 'a codec that nobody knows', 'SLU-3024'),
  refused('codec-snappy-not.parquet', () => parquetFile({ codec: 1 }), 'pages that are not compressed as it says'),
  refused('codec-gzip-not.parquet', () => parquetFile({ codec: 2 }), 'nor in this way'),
  refused('encoding-unknown.parquet', () => parquetFile({ encoding: 77 }), 'an encoding that nobody knows', 'SLU-3024'),
  refused(
    'dictionary-missing.parquet',
    () => parquetFile({ encoding: 8 }),
    'values by their places in a dictionary that is not there',
  ),
  refused(
    'page-values-more.parquet',
    () => parquetFile({ pageValues: 100 }),
    'a page with more values than its column',
  ),
  refused('page-values-negative.parquet', () => parquetFile({ pageValues: -1 }), 'or with fewer than none'),
  refused('page-hostile.parquet', () => parquetFile({ pageSize: 2 ** 31 - 1 }), 'a page of two gigabytes', 'SLU-3025'),
  refused('page-negative.parquet', () => parquetFile({ pageSize: -1 }), 'a page of less than nothing'),
  refused('page-too-short.parquet', () => parquetFile({ pageSize: 2 }), 'a page that ends inside of a value'),
  refused(
    'text-longer-than-page.parquet',
    () => {
      const bytes = Uint8Array.from(whole);
      bytes[Buffer.from(whole).indexOf('Ann') - 4] = 200;
      return bytes;
    },
    'a text that says it goes on behind its page',
  ),
  {
    file: 'parquet/text-not-utf-8.parquet',
    content: () => parquetFile({ names: ['Ann', Uint8Array.from([0x42, 0xe9])] }),
    state: 'partial',
    rows: [{ id: 1n, name: 'Ann' }],
    rejected: [[2, undefined, 'SLU-3006']],
    because: 'a value that its type does not allow costs its row',
  },
  {
    file: 'parquet/row-giant.parquet',
    content: () => parquetFile({ names: ['x'.repeat(70_000), 'Bob'] }),
    state: 'partial',
    rows: [{ id: 2n, name: 'Bob' }],
    rejected: [[1, undefined, 'SLU-2009']],
    because: 'a row that is larger than the largest record costs itself',
  },

  // Other things under the name
  refused('really-csv.parquet', () => joined('id,name\n1,Ann\n'), 'text is no Parquet', 'SLU-3020'),
  refused('really-zeros.parquet', () => new Uint8Array(100), 'a disk that was full leaves zero bytes', 'SLU-3020'),
  refused('really-parquet.csv', () => whole, 'Parquet is no text', 'SLU-3020'),
];
