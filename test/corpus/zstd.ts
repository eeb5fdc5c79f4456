import { constants } from 'node:zlib';
import type { Code } from '../../core/model/codes.ts';
import type { BadFile } from './bad-file.ts';
import { csvOf, cutOff, flipped, gzip, joined, skippable, zstd } from './compressed.ts';

const HEADER = 'id,name,amount\n';
const whole = zstd(`${HEADER}1,Ann,3\n2,Bob,4\n`);
const rows = [
  ['1', 'Ann', '3'],
  ['2', 'Bob', '4'],
];
const large = zstd(csvOf(300));
const unchecked = zstd(csvOf(300), { [constants.ZSTD_c_checksumFlag]: false });
const more = zstd('3,Cid,5\n');
const two = joined(whole, more);
const third = ['3', 'Cid', '5'];

const loaded = (file: string, content: () => Uint8Array, because: string, read: BadFile['rows'] = rows): BadFile => ({
  file: `zstd/${file}`,
  content,
  state: 'loaded',
  rows: read ?? rows,
  because,
});
const refused = (file: string, code: Code, content: () => Uint8Array, because: string): BadFile => ({
  file: `zstd/${file}`,
  content,
  state: 'refused',
  code,
  because,
});

/** A frame made by hand (RFC 8878): what its header says of it, then one block as it is, of three bytes. */
const frame = (...header: readonly number[]) => joined([0x28, 0xb5, 0x2f, 0xfd], header, [0x19, 0, 0], 'a,b');
/** The header of a frame that says nothing, with a window of 2 MiB. */
const PLAIN = [0x00, 0x58];
/** 128 KiB of one letter, in four bytes. */
const RUN = [0x02, 0x00, 0x10, 0x61];

export const zstdFiles: readonly BadFile[] = [
  loaded('whole.csv.zst', () => whole, 'a compressed file is what comes out of it'),
  loaded('not-named.csv', () => whole, 'what is compressed is told by its first bytes, named or not'),
  loaded('unchecked.csv.zst', () => unchecked, 'a frame needs no checksum', 300),

  // Frames: a zstd file is any number of them, one behind the other
  loaded('frames.csv.zst', () => two, 'Node’s decoder has dropped frames behind the first (nodejs/node#64741)', [
    ...rows,
    third,
  ]),
  loaded(
    'frames-empty.csv.zst',
    () => joined(zstd(''), whole, zstd(''), more, zstd('')),
    'an empty frame ends nothing',
    [...rows, third],
  ),
  loaded(
    'frames-to-skip.csv.zst',
    () => joined(skippable('a'), whole, skippable('b,c\n'), more, skippable('')),
    'frames that are to be skipped hold no rows, before, between and behind',
    [...rows, third],
  ),
  loaded(
    'frames-cut-inside-record.csv.zst',
    () => joined(zstd(`${HEADER}1,An`), zstd('n,3\n2,Bob,4\n')),
    'where one frame ends is no end of a record',
  ),
  refused('frames-to-skip-only.csv.zst', 'SLU-3009', () => skippable(csvOf(2)), 'nothing comes out of it'),
  refused('nothing.csv.zst', 'SLU-3009', () => zstd(''), 'what comes out of it is empty, and CSV has a header'),
  refused(
    'frames-too-many.csv.zst',
    'SLU-3022',
    () => joined(whole, ...Array.from({ length: 100_000 }, () => skippable(''))),
    'each frame costs, however small it is',
  ),

  // Cut off
  refused('cut-in-magic.csv.zst', 'SLU-3020', () => cutOff(large, 3), 'three bytes are not even zstd'),
  refused('cut-behind-magic.csv.zst', 'SLU-3021', () => cutOff(large, 4), 'a frame without a header'),
  refused('cut-in-header.csv.zst', 'SLU-3021', () => cutOff(large, 6), 'half a header'),
  refused('cut-in-block.csv.zst', 'SLU-3021', () => cutOff(large, 40), 'nothing has come out of it yet'),
  refused(
    'cut-in-half.csv.zst',
    'SLU-3021',
    () => cutOff(large, large.length / 2),
    'Node’s decoder has taken such a file for whole (nodejs/node#64592)',
  ),
  refused(
    'cut-before-checksum.csv.zst',
    'SLU-3021',
    () => cutOff(large, large.length - 4),
    'all rows are out, and nothing says that they are right',
  ),
  refused('cut-in-checksum.csv.zst', 'SLU-3021', () => cutOff(large, large.length - 1), 'one byte is missing'),
  refused(
    'cut-unchecked.csv.zst',
    'SLU-3021',
    () => cutOff(unchecked, unchecked.length - 1),
    'one byte of the last block is missing',
  ),
  refused('cut-in-second-magic.csv.zst', 'SLU-3021', () => cutOff(two, whole.length + 1), 'a second frame has begun'),
  refused(
    'cut-behind-second-magic.csv.zst',
    'SLU-3021',
    () => cutOff(two, whole.length + 4),
    'the first frame is whole, the file is not',
  ),
  refused(
    'cut-in-second-block.csv.zst',
    'SLU-3021',
    () => cutOff(two, whole.length + 8),
    'the first frame is whole, the file is not',
  ),
  refused(
    'cut-in-frame-to-skip.csv.zst',
    'SLU-3021',
    () => joined(whole, cutOff(skippable('abcdef'), 10)),
    'also where nothing would be lost: the file is not whole',
  ),

  // Something behind the end
  refused('then-text.csv.zst', 'SLU-3021', () => joined(whole, 'hello'), 'what stands behind the end is no frame'),
  refused('then-newline.csv.zst', 'SLU-3021', () => joined(whole, '\n'), 'not even a newline belongs there'),
  refused('then-zeros.csv.zst', 'SLU-3021', () => joined(whole, new Uint8Array(16)), 'nor does padding'),
  refused(
    'then-gzip.csv.zst',
    'SLU-3021',
    () => joined(whole, gzip('3,Cid,5\n')),
    'rows compressed in another way would be lost',
  ),

  // Bits turned round
  refused('flipped-magic.csv.zst', 'SLU-3020', () => flipped(large, 0), 'its first byte is not that of zstd'),
  refused('flipped-descriptor.csv.zst', 'SLU-3021', () => flipped(large, 4, 3), 'a bit that is reserved'),
  refused('flipped-data.csv.zst', 'SLU-3021', () => flipped(large, 100, 3), 'rows with a wrong letter would come out'),
  refused(
    'flipped-late-data.csv.zst',
    'SLU-3021',
    () => flipped(large, -100, 2),
    'all rows before it are right, and none is loaded',
  ),
  refused(
    'flipped-checksum.csv.zst',
    'SLU-3021',
    () => flipped(large, -1),
    'either the rows are wrong or the checksum is',
  ),

  // Hostile headers
  refused(
    'dictionary.csv.zst',
    'SLU-3024',
    () => frame(0x21, 7, 3),
    'nobody here has the dictionary that it was compressed with',
  ),
  refused('window-too-large.csv.zst', 'SLU-3021', () => frame(0x00, 0xf8), 'a header of two bytes asks for terabytes'),
  refused(
    'size-too-large.csv.zst',
    'SLU-3021',
    () => frame(0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10),
    'a header of nine bytes asks for more than there is',
  ),
  refused('size-too-small.csv.zst', 'SLU-3021', () => frame(0x20, 1), 'more comes out than it says'),
  refused('size-not-reached.csv.zst', 'SLU-3021', () => frame(0x20, 200), 'less comes out than it says'),
  refused(
    'block-of-unknown-kind.csv.zst',
    'SLU-3021',
    () => joined([0x28, 0xb5, 0x2f, 0xfd, 0x20, 3, 0x1f, 0, 0], 'a,b'),
    'the kind is reserved',
  ),
  loaded('by-hand.csv.zst', () => frame(...PLAIN), 'three bytes of header as they stand', []),

  // Bombs
  refused(
    'bomb.csv.zst',
    'SLU-3022',
    () => zstd(HEADER + 'a'.repeat(20_000_000)),
    'ten thousand bytes for each that was sent',
  ),
  refused(
    'bomb-of-runs.csv.zst',
    'SLU-3022',
    () =>
      joined(
        [0x28, 0xb5, 0x2f, 0xfd],
        PLAIN,
        [0x18, 0, 0],
        'a\nb',
        ...Array.from({ length: 400 }, () => RUN),
        [0x03, 0, 0x10, 0x61],
      ),
    'fifty megabytes in as many blocks of one letter, in under two kilobytes',
  ),

  // Other things under the name
  refused(
    'really-plain.csv.zst',
    'SLU-3020',
    () => joined(csvOf(2)),
    'it is not compressed, so what it was made by is broken',
  ),
  refused('really-gzip.csv.zst', 'SLU-3020', () => gzip(csvOf(2)), 'it is compressed in another way than it is named'),
  refused(
    'really-old.csv.zst',
    'SLU-3020',
    () => joined([0x27, 0xb5, 0x2f, 0xfd], whole.subarray(4)),
    'zstd before version 0.8 was another format',
  ),
  refused('twice.csv.zst', 'SLU-3006', () => zstd(whole), 'what comes out of it is compressed once more, and no text'),
];
