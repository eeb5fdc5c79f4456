import { brotliCompressSync, crc32, deflateRawSync, deflateSync } from 'node:zlib';
import type { Code } from '../../core/model/codes.ts';
import type { BadFile } from './bad-file.ts';
import { csvOf, cutOff, flipped, gzip, joined, zstd } from './compressed.ts';

const HEADER = 'id,name,amount\n';
const whole = gzip(`${HEADER}1,Ann,3\n2,Bob,4\n`);
const rows = [
  ['1', 'Ann', '3'],
  ['2', 'Bob', '4'],
];
const large = gzip(csvOf(300));
const more = gzip('3,Cid,5\n');
const two = joined(whole, more);
const third = ['3', 'Cid', '5'];

const loaded = (file: string, content: () => Uint8Array, because: string, read: BadFile['rows'] = rows): BadFile => ({
  file: `gzip/${file}`,
  content,
  state: 'loaded',
  rows: read ?? rows,
  because,
});
const refused = (file: string, code: Code, content: () => Uint8Array, because: string): BadFile => ({
  file: `gzip/${file}`,
  content,
  state: 'refused',
  code,
  because,
});

/** A member with more in its header (RFC 1952): `flags` says what. */
const withHeader = (flags: number, ...extra: readonly (string | readonly number[])[]) =>
  joined([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3], ...extra, whole.subarray(10));
const headerSum = crc32(Uint8Array.from([0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 3]));

/** Where the compressed data ends and the checksum and length begin. */
const trailer = large.length - 8;

export const gzipFiles: readonly BadFile[] = [
  loaded('whole.csv.gz', () => whole, 'a compressed file is what comes out of it'),
  loaded('WHOLE.CSV.GZ', () => whole, 'case does not matter in an extension'),
  loaded('not-named.csv', () => whole, 'what is compressed is told by its first bytes, named or not'),

  // Members: a gzip file is any number of them, one behind the other
  loaded('members.csv.gz', () => two, 'readers that stop at the first member lose the rest', [...rows, third]),
  loaded(
    'members-empty.csv.gz',
    () => joined(gzip(''), whole, gzip(''), more, gzip('')),
    'an empty member ends nothing',
    [...rows, third],
  ),
  loaded(
    'members-cut-inside-record.csv.gz',
    () => joined(gzip(`${HEADER}1,An`), gzip('n,3\n2,Bob,4\n')),
    'where one member ends and the next begins is no end of a record',
  ),
  {
    file: 'gzip/members-each-with-header.csv.gz',
    content: () => joined(whole, gzip(`${HEADER}3,Cid,5\n`)),
    feed: 'people',
    state: 'partial',
    rows: [
      [1, 'Ann', 3],
      [2, 'Bob', 4],
      [3, 'Cid', 5],
    ],
    rejected: [[3, 4, 'SLU-2004']],
    because: 'members are one file with one header; the second header is a record, and a wrong one',
  },
  refused('nothing.csv.gz', 'SLU-3009', () => gzip(''), 'what comes out of it is empty, and CSV has a header'),
  loaded('nothing.ndjson.gz', () => gzip(''), 'there is no record and none is lost', []),

  // Cut off
  refused('cut-in-magic.csv.gz', 'SLU-3020', () => cutOff(large, 1), 'one byte is not even gzip'),
  refused('cut-in-header.csv.gz', 'SLU-3021', () => cutOff(large, 5), 'half a header'),
  refused('cut-behind-header.csv.gz', 'SLU-3021', () => cutOff(large, 10), 'a header without data'),
  refused('cut-in-first-block.csv.gz', 'SLU-3021', () => cutOff(large, 40), 'nothing has come out of it yet'),
  refused(
    'cut-in-half.csv.gz',
    'SLU-3021',
    () => cutOff(large, large.length / 2),
    'half of the rows must not be loaded',
  ),
  refused(
    'cut-before-last-byte-of-data.csv.gz',
    'SLU-3021',
    () => cutOff(large, trailer - 1),
    'all rows but the last may be out',
  ),
  refused(
    'cut-before-checksum.csv.gz',
    'SLU-3021',
    () => cutOff(large, trailer),
    'all rows are out, and nothing says that they are right',
  ),
  refused('cut-in-length.csv.gz', 'SLU-3021', () => cutOff(large, large.length - 1), 'one byte is missing'),
  refused('cut-in-second-header.csv.gz', 'SLU-3021', () => cutOff(two, whole.length + 1), 'a second member has begun'),
  refused(
    'cut-in-second-data.csv.gz',
    'SLU-3021',
    () => cutOff(two, whole.length + 14),
    'the first member is whole, the file is not',
  ),

  // Something behind the end
  refused('then-text.csv.gz', 'SLU-3021', () => joined(whole, 'hello'), 'what stands behind the end is no member'),
  refused('then-newline.csv.gz', 'SLU-3021', () => joined(whole, '\n'), 'not even a newline belongs there'),
  refused(
    'then-zero.csv.gz',
    'SLU-3021',
    () => joined(whole, [0]),
    'Node’s decoder ends at a zero byte and says nothing',
  ),
  refused(
    'then-zeros.csv.gz',
    'SLU-3021',
    () => joined(whole, new Uint8Array(512)),
    'nor does the padding of tapes belong there',
  ),
  refused(
    'then-zeros-and-member.csv.gz',
    'SLU-3021',
    () => joined(whole, new Uint8Array(9), more),
    'rows behind zero bytes would be lost',
  ),
  refused('then-magic.csv.gz', 'SLU-3021', () => joined(whole, [0x1f, 0x8b]), 'a third member may have been meant'),

  // Bits turned round
  refused('flipped-magic.csv.gz', 'SLU-3020', () => flipped(large, 0), 'its first byte is not that of gzip'),
  refused('flipped-method.csv.gz', 'SLU-3021', () => flipped(large, 2), 'there is one method, and this is another'),
  refused('flipped-flags.csv.gz', 'SLU-3021', () => flipped(large, 3, 7), 'a flag that is reserved'),
  refused('flipped-data.csv.gz', 'SLU-3021', () => flipped(large, 60, 3), 'rows with a wrong letter would come out'),
  refused(
    'flipped-late-data.csv.gz',
    'SLU-3021',
    () => flipped(large, -100, 2),
    'all rows before it are right, and none is loaded',
  ),
  refused(
    'flipped-checksum.csv.gz',
    'SLU-3021',
    () => flipped(large, -8),
    'either the rows are wrong or the checksum is',
  ),
  refused(
    'flipped-length.csv.gz',
    'SLU-3021',
    () => flipped(large, -1, 6),
    'either the rows are wrong or the length is',
  ),

  // Headers
  loaded(
    'header-with-path.csv.gz',
    () => withHeader(8, '../../etc/passwd\0'),
    'the name in the header names nothing here',
  ),
  loaded(
    'header-with-extra.csv.gz',
    () => withHeader(4, [5, 0, 1, 2, 3, 4, 5]),
    'what else a header may hold is passed over',
  ),
  refused(
    'header-extra-too-long.csv.gz',
    'SLU-3021',
    () => withHeader(4, [255, 255, 1]),
    'it says that the header goes on behind the file',
  ),
  refused(
    'header-name-unending.csv.gz',
    'SLU-3021',
    () => joined([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3], 'abcdef'),
    'the name in the header never ends',
  ),
  loaded(
    'header-with-checksum.csv.gz',
    () => withHeader(2, [headerSum & 255, (headerSum >> 8) & 255]),
    'a header may have a checksum',
  ),
  refused('header-with-wrong-checksum.csv.gz', 'SLU-3021', () => withHeader(2, [0, 0]), 'which must be right'),

  // Other things under the name
  refused(
    'really-plain.csv.gz',
    'SLU-3020',
    () => joined(csvOf(2)),
    'it is not compressed, so what it was made by is broken',
  ),
  refused('really-zstd.csv.gz', 'SLU-3020', () => zstd(csvOf(2)), 'it is compressed in another way than it is named'),
  refused(
    'really-zip.csv.gz',
    'SLU-3020',
    () => joined('PK', [3, 4, 20, 0, 8, 0], new Uint8Array(40)),
    'an archive is not a file',
  ),
  refused('really-zlib.csv.gz', 'SLU-3020', () => deflateSync(csvOf(2)), 'zlib’s own form has no header of gzip'),
  refused('really-deflate.csv.gz', 'SLU-3020', () => deflateRawSync(csvOf(2)), 'nor has bare deflate'),
  refused('really-brotli.csv.gz', 'SLU-3020', () => brotliCompressSync(csvOf(2)), 'nor has brotli'),
  refused('twice.csv.gz', 'SLU-3006', () => gzip(whole), 'what comes out of it is compressed once more, and no text'),
  refused(
    'really-tar.csv.gz',
    'SLU-3006',
    () => gzip(joined('id.csv', new Uint8Array(94), '0000644')),
    'an archive has zero bytes',
  ),
  refused(
    'utf-16.csv.gz',
    'SLU-3006',
    () => gzip(Buffer.from(`\ufeff${csvOf(2)}`, 'utf16le')),
    'what comes out of it is UTF-16',
  ),
  refused('extension-unknown.dat.gz', 'SLU-3002', () => whole, 'the feed does not take .dat, compressed or not'),
  refused(
    'extension-none.gz',
    'SLU-3002',
    () => whole,
    'CSV, TSV and lines look alike: which it is of several is not guessed',
  ),

  // Bombs
  refused(
    'bomb.csv.gz',
    'SLU-3022',
    () => gzip(HEADER + 'a'.repeat(20_000_000)),
    'a thousand bytes for each that was sent',
  ),
  refused(
    'bomb-of-zeros.csv.gz',
    'SLU-3006',
    () => gzip(new Uint8Array(30_000_000)),
    'zero bytes are no text, whatever comes behind',
  ),
  refused(
    'bomb-of-rows.csv.gz',
    'SLU-3007',
    () => gzip(HEADER + '1,Ann,3\n'.repeat(100_000)),
    'more rows than the profile allows',
  ),
  {
    file: 'gzip/bad-records.csv.gz',
    content: () => gzip(`${HEADER}1,Ann,3\n2,"Bob,4\n3,Cid\n`),
    state: 'partial',
    rows: [['1', 'Ann', '3']],
    rejected: [
      [2, 3, 'SLU-2001'],
      [3, 4, 'SLU-2002'],
    ],
    because: 'lines and bytes are those of what comes out of it',
  },
];
