import { type ColumnMetaData, type FileMetaData, parquetMetadata, type RowGroup } from 'hyparquet';
import * as z from 'zod';
import { caps } from '../model/caps.ts';
import type { ParquetSettings } from '../model/formats.ts';
import type { FieldValues } from '../model/row.ts';
import { type Chunk, type ReadOptions, Unreadable } from './format.ts';
import { cursorOf, type Holding } from './parquet/columns.ts';
import type { Ranges } from './parquet/ranges.ts';
import { assembler, passer } from './parquet/records.ts';
import { itemOf } from './parquet/rows.ts';
import { type Schema, schemaOf } from './parquet/schema.ts';
import { thriftEnd } from './parquet/thrift.ts';

/**
 * Parquet, a row group after the other and all of its columns page by page, so that memory grows neither with the file nor with its row
 * groups. hyparquet reads metadata and encodings; what the values stand for is decided in parquet/values.ts, because hyparquet rounds
 * decimals and timestamps (docs/adr/0004-format-readers.md). Position 1 is the first row.
 */
export const parquetReader = (settings: ParquetSettings) =>
  async function* (file: Ranges, options: ReadOptions, groups?: RowGroups): AsyncGenerator<Chunk> {
    const metadata = await metadataOf(file);
    const schema = schemaOf(metadata.schema, settings);
    let position = (groups?.position ?? 1) - 1;
    for (const group of metadata.row_groups.slice(groups?.start, groups?.end)) {
      const rows = Number(group.num_rows);
      // What is settled whole needs not be unpacked.
      if (groups?.after !== undefined && position + rows <= groups.after) {
        position += rows;
        continue;
      }
      for await (const records of recordsOf(file, group, schema, options.counting ?? false)) {
        yield { items: records.map((values) => itemOf(values, ++position, options)) };
      }
    }
    if (!groups && BigInt(position) !== metadata.num_rows) {
      throw damaged(`it says ${metadata.num_rows} rows, and its row groups have ${position}`);
    }
  };

/** Some of the row groups of a file, from `start` up to `end`; `position` is that of the first row in them, and rows up to `after` may be left out. */
export interface RowGroups {
  readonly start?: number;
  readonly end?: number;
  readonly position: number;
  readonly after?: number;
}

/** Bytes and rows of each row group. Throws `Unreadable` where the metadata cannot be read, or does not fit together. */
export async function rowGroupsOf(file: Ranges): Promise<readonly { readonly bytes: number; readonly rows: number }[]> {
  const { row_groups: groups, num_rows: rows } = await metadataOf(file);
  const told = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (told !== rows) throw damaged(`it says ${rows} rows, and its row groups have ${told}`);
  const bytesOf = ({ columns }: RowGroup) =>
    columns.reduce((sum, { meta_data: data }) => sum + Number(data?.total_compressed_size ?? 0), 0);
  return groups.map((group) => ({ bytes: bytesOf(group), rows: Number(group.num_rows) }));
}

/** The columns of a file by its own account. Throws `Unreadable` where it has none. */
export const parquetSchema = async (file: Ranges, settings: ParquetSettings): Promise<Schema> =>
  schemaOf((await metadataOf(file)).schema, settings);

export const PARQUET = Buffer.from('PAR1');

const small = z.int().optional();
const long = z.bigint();
/**
 * Of the metadata what is used here and in parquet/. Thrift carries its types with it, and hyparquet takes each as it comes: a damaged
 * footer has texts where numbers should be, and numbers where lists should be.
 */
const shape = z.object({
  num_rows: long,
  schema: z.array(
    z.object({ name: z.string(), type_length: small, num_children: small, scale: small, precision: small }),
  ),
  row_groups: z.array(
    z.object({
      num_rows: long,
      columns: z.array(
        z.object({
          meta_data: z
            .object({
              path_in_schema: z.array(z.string()),
              num_values: long,
              total_compressed_size: long,
              data_page_offset: long,
              dictionary_page_offset: long.optional(),
              bloom_filter_offset: long.optional(),
              bloom_filter_length: small,
            })
            .optional(),
          offset_index_offset: long.optional(),
          offset_index_length: small,
          column_index_offset: long.optional(),
          column_index_length: small,
        }),
      ),
    }),
  ),
});

const damaged = (what: string) => new Unreadable('SLU-3023', `its Parquet metadata cannot be read: ${what}`);

async function metadataOf(file: Ranges): Promise<FileMetaData> {
  // Magic, metadata, its length and magic again.
  if (file.size < 12) throw damaged('the file is cut off');
  const tail = await file.read(file.size - 8, file.size);
  const magic = Buffer.from(tail.subarray(4));
  if (magic.equals(Buffer.from('PARE'))) throw new Unreadable('SLU-3024', 'its Parquet metadata is encrypted');
  if (!magic.equals(PARQUET)) throw damaged('the file is cut off, or no Parquet');
  const length = new DataView(tail.buffer).getUint32(0, true);
  if (length > caps.footerBytes)
    throw new Unreadable(
      'SLU-3025',
      `its Parquet metadata has ${length} bytes; the platform takes ${caps.footerBytes}`,
    );
  if (length > file.size - 12) throw damaged(`${length} bytes of it should be in a file of ${file.size}`);
  const footer = await file.read(file.size - 8 - length, file.size);
  const metadata = parsed(footer, length);
  await refuseOthersBefore(file, file.size - 8 - length, metadata);
  return metadata;
}

function parsed(footer: Uint8Array, length: number): FileMetaData {
  try {
    thriftEnd(footer.subarray(0, length), 0);
    const metadata = parquetMetadata(footer, { geoparquet: false, parsers: { stringFromBytes: () => '' } });
    const wrong = shape.safeParse(metadata).error?.issues[0];
    if (wrong) throw damaged(`${wrong.path.join('.')}: ${wrong.message}`);
    return metadata;
  } catch (error) {
    throw error instanceof Unreadable ? error : damaged((error as Error).message);
  }
}

/** Of files that were put behind each other the last one's metadata speaks of itself alone, and its places count from its own start. */
async function refuseOthersBefore(file: Ranges, footer: number, { row_groups: groups }: FileMetaData): Promise<void> {
  const ends = groups.flatMap(({ columns }) => columns.map(endOf));
  const start = footer - ends.reduce((most, end) => Math.max(most, end), PARQUET.length);
  if (start <= 0 || start + PARQUET.length > footer) return;
  if (!PARQUET.equals(await file.read(start, start + PARQUET.length))) return;
  throw damaged(`another Parquet file stands before it, up to byte ${start}; send each by itself`);
}

/** Offset behind the last byte of a column, its indexes and filters included. */
function endOf({ meta_data: data, ...chunk }: RowGroup['columns'][number]): number {
  const sum = (offset: bigint | undefined, length: bigint | number | undefined) =>
    Number(offset ?? 0) + Number(length ?? 0);
  const pages =
    data && Math.min(Number(data.data_page_offset), Number(data.dictionary_page_offset ?? data.data_page_offset));
  return Math.max(
    sum(BigInt(pages ?? 0), data?.total_compressed_size),
    sum(chunk.column_index_offset, chunk.column_index_length),
    sum(chunk.offset_index_offset, chunk.offset_index_length),
    sum(data?.bloom_filter_offset, data?.bloom_filter_length),
  );
}

/** Records that are given together. */
const STRETCH = 1000;
/** Bytes that all columns together read ahead, and one of them at the most and at the least. */
const AHEAD = { all: 48 * 1024 * 1024, most: 4 * 1024 * 1024, least: 128 * 1024 };

async function* recordsOf(
  file: Ranges,
  group: RowGroup,
  { fields, leaves }: Schema,
  counting: boolean,
): AsyncGenerator<FieldValues[]> {
  const rows = Number(group.num_rows);
  if (group.columns.length !== leaves.length)
    throw damaged(`a row group has ${group.columns.length} columns of ${leaves.length}`);
  const slice = Math.min(AHEAD.most, Math.max(AHEAD.least, Math.floor(AHEAD.all / leaves.length)));
  const holding: Holding = { bytes: 0 };
  const cursors = leaves.map((leaf, index) => {
    const chunk = chunkOf(group, index);
    if (chunk.path_in_schema.join('.') !== leaf.path.join('.'))
      throw damaged(`column ${index} is not "${leaf.path.join('.')}"`);
    if (leaf.repeated === 0 && Number(chunk.num_values) !== rows)
      throw damaged(`column "${leaf.path.join('.')}" has not ${rows} values`);
    return cursorOf(file, chunk, counting ? { ...leaf, unread: true } : leaf, slice, holding);
  });
  const take = counting ? passer(fields, cursors) : assembler(fields, cursors);
  for (let done = 0; done < rows; ) {
    const ready = await inOrder(cursors.map((cursor) => cursor.ready()));
    const count = Math.min(STRETCH, rows - done, ...ready);
    if (count === 0) throw damaged(`a row group has ${done} rows of ${rows}`);
    yield take(count);
    done += count;
  }
  for (const cursor of cursors)
    if ((await cursor.ready()) > 0) throw damaged(`a row group has more than its ${rows} rows`);
}

/** Of several that fail the first in order is told, whichever fails first. */
async function inOrder<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
}

function chunkOf({ columns }: RowGroup, index: number): ColumnMetaData {
  const column = columns[index];
  if (column?.file_path) throw new Unreadable('SLU-3024', 'its Parquet columns lie in other files');
  if (column?.crypto_metadata) throw new Unreadable('SLU-3024', 'its Parquet columns are encrypted');
  if (!column?.meta_data) throw damaged(`column ${index} has no metadata`);
  return column.meta_data;
}
