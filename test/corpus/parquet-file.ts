import { bytesOf } from '../support/bytes.ts';
import { joined } from './compressed.ts';

/**
 * A small Parquet file made by hand, so that each part of it can be made wrong: two columns, `id` (64 bits) and `name` (text), in one row group,
 * each column one page of plain values without compression.
 */
interface Parts {
  readonly ids?: readonly bigint[];
  readonly names?: readonly (string | Uint8Array)[];
  /** What the metadata says, where it is not so. */
  readonly fileRows?: bigint;
  readonly groupRows?: bigint;
  readonly values?: bigint;
  readonly codec?: number;
  readonly type?: number;
  readonly offset?: bigint;
  readonly chunkSize?: bigint;
  readonly path?: string;
  readonly filePath?: string;
  readonly schema?: readonly Uint8Array[];
  readonly columnsOfGroup?: number;
  /** What a page's header says. */
  readonly pageValues?: number;
  readonly pageSize?: number;
  readonly packedSize?: number;
  readonly pageType?: number;
  readonly encoding?: number;
  /** Of the end of the file. */
  readonly footerLength?: number;
  readonly magic?: string;
}

export function parquetFile(parts: Parts = {}): Uint8Array {
  const { ids = [1n, 2n], names = ['Ann', 'Bob'], magic = 'PAR1' } = parts;
  const pages = [
    page(joined(...ids.map(int64)), ids.length, parts),
    page(joined(...names.map(text)), names.length, parts),
  ];
  const [first, second] = pages as [Uint8Array, Uint8Array];
  const chunks = [
    chunk('id', parts.type ?? INT64, 4n, first, parts),
    chunk('name', BYTE_ARRAY, BigInt(4 + first.length), second, parts),
  ].slice(0, parts.columnsOfGroup ?? 2);
  const schema = parts.schema ?? [
    schemaElement('root', { children: 2 }),
    schemaElement('id', { type: INT64 }),
    schemaElement('name', { type: BYTE_ARRAY, converted: UTF8 }),
  ];
  const rows = BigInt(ids.length);
  const group = struct(
    [1, list(STRUCT, chunks)],
    [2, i64(BigInt(first.length + second.length))],
    [3, i64(parts.groupRows ?? rows)],
  );
  const footer = struct(
    [1, i32(2)],
    [2, list(STRUCT, schema)],
    [3, i64(parts.fileRows ?? rows)],
    [4, list(STRUCT, ids.length === 0 ? [] : [group])],
  );
  return withFooter(joined(magic, first, second), footer, parts);
}

/** A file with this for its metadata. */
export const withFooter = (
  before: Uint8Array,
  footer: Uint8Array,
  { footerLength, magic = 'PAR1' }: Parts = {},
): Uint8Array => joined(before, footer, uint32(footerLength ?? footer.length), magic);

const [INT64, BYTE_ARRAY, UTF8] = [2, 6, 0];

function chunk(name: string, type: number, start: bigint, bytes: Uint8Array, parts: Parts): Uint8Array {
  const size = parts.chunkSize ?? BigInt(bytes.length);
  const about = struct(
    [1, i32(type)],
    [2, list(I32, [varint(zigzag(0n))])],
    [3, list(BINARY, [binary(parts.path ?? name).value])],
    [4, i32(parts.codec ?? 0)],
    [5, i64(parts.values ?? BigInt((parts.ids ?? [1n, 2n]).length))],
    [6, i64(size)],
    [7, i64(size)],
    [9, i64(parts.offset ?? start)],
  );
  return struct(
    ...(parts.filePath === undefined ? [] : [[1, binary(parts.filePath)] as const]),
    [2, i64(start)],
    [3, { type: STRUCT, value: about }],
  );
}

function page(
  values: Uint8Array,
  count: number,
  { pageType = 0, pageSize, packedSize, pageValues, encoding = 0 }: Parts,
): Uint8Array {
  const header = struct([1, i32(pageValues ?? count)], [2, i32(encoding)], [3, i32(3)], [4, i32(3)]);
  return joined(
    struct(
      [1, i32(pageType)],
      [2, i32(pageSize ?? values.length)],
      [3, i32(packedSize ?? pageSize ?? values.length)],
      [5, { type: STRUCT, value: header }],
    ),
    values,
  );
}

export const schemaElement = (
  name: string,
  {
    type,
    converted,
    children,
    repetition = 0,
  }: { type?: number; converted?: number; children?: number; repetition?: number },
): Uint8Array =>
  struct(
    ...(type === undefined ? [] : [[1, i32(type)] as const]),
    [3, i32(repetition)],
    [4, binary(name)],
    ...(children === undefined ? [] : [[5, i32(children)] as const]),
    ...(converted === undefined ? [] : [[6, i32(converted)] as const]),
  );

// Thrift's compact protocol
interface Field {
  readonly type: number;
  readonly value: Uint8Array;
}
const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12];

export const i32 = (value: number): Field => ({ type: I32, value: varint(zigzag(BigInt(value))) });
const i64 = (value: bigint): Field => ({ type: I64, value: varint(zigzag(value)) });
const binary = (value: string): Field => ({
  type: BINARY,
  value: joined(varint(BigInt(bytesOf(value).length)), value),
});
/** `size`: how many elements it says that it has. */
export const list = (type: number, elements: readonly Uint8Array[], size = elements.length): Field => ({
  type: LIST,
  value: joined(
    size < 15 ? [(size << 4) | type] : [0xf0 | type],
    ...(size < 15 ? [] : [varint(BigInt(size))]),
    ...elements,
  ),
});

export function struct(...fields: readonly (readonly [id: number, field: Field])[]): Uint8Array {
  let before = 0;
  const parts = fields.map(([id, { type, value }]) => {
    const header = [((id - before) << 4) | type];
    before = id;
    return joined(header, value);
  });
  return joined(...parts, [0]);
}

const zigzag = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    if (left < 0x80n) return Uint8Array.from([...bytes, Number(left)]);
    bytes.push(Number(left & 0x7fn) | 0x80);
  }
}

const uint32 = (value: number): Uint8Array =>
  Uint8Array.from([value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]);
const int64 = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 8 }, (_, n) => Number((BigInt.asUintN(64, value) >> BigInt(8 * n)) & 255n));
const text = (value: string | Uint8Array): Uint8Array => {
  const bytes = typeof value === 'string' ? bytesOf(value) : value;
  return joined(uint32(bytes.length), bytes);
};
