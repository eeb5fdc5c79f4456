import { createHash } from 'node:crypto';

/**
 * Records that the Kinesis Producer Library has put together into one: four magic bytes, an `AggregatedRecord` as protocol buffer, and its MD5
 * (awslabs/amazon-kinesis-producer, aggregation-format.md). Only what a consumer needs is decoded; every index and length is checked.
 */
const MAGIC = [0xf3, 0x89, 0x9a, 0xc2] as const;
const MD5_BYTES = 16;

/** Fields of `AggregatedRecord`, and of its `Record`. */
const TABLE = { partitionKeys: 1, hashKeys: 2, records: 3 } as const;
const RECORD = { partitionKey: 1, hashKey: 2, data: 3 } as const;

/** Messages of one aggregated record that are taken: each of them, be it empty, costs a row or a rejection. */
export const MOST_TOGETHER = 10_000;

/** No UTF-8 text begins like this, so that no message of ours is mistaken for an aggregated record. */
export const isAggregated = (data: Uint8Array): boolean =>
  data[0] === MAGIC[0] && MAGIC.every((byte, at) => data[at] === byte);

/** The messages of an aggregated record in their order, or why it cannot be taken apart. */
export function messagesIn(data: Uint8Array): readonly Uint8Array[] | string {
  if (data.byteLength < MAGIC.length + MD5_BYTES) return 'it ends too early';
  const body = data.subarray(MAGIC.length, data.byteLength - MD5_BYTES);
  const sum = createHash('md5').update(body).digest();
  if (!sum.equals(data.subarray(data.byteLength - MD5_BYTES))) return 'its checksum is wrong';
  try {
    return read(body);
  } catch (error) {
    if (error instanceof Broken) return error.message;
    throw error;
  }
}

class Broken extends Error {}

function read(body: Uint8Array): readonly Uint8Array[] {
  const indexes = { partitionKeys: 0, hashKeys: 0 };
  const records: Uint8Array[] = [];
  for (const { field, value } of fieldsOf(body)) {
    if (field === TABLE.partitionKeys) indexes.partitionKeys++;
    else if (field === TABLE.hashKeys) indexes.hashKeys++;
    else if (field === TABLE.records) records.push(bytes(value));
  }
  if (records.length > MOST_TOGETHER)
    throw new Broken(`it holds ${records.length} messages; ${MOST_TOGETHER} are taken`);
  return records.map((record) => dataOf(record, indexes));
}

function dataOf(record: Uint8Array, tables: { readonly partitionKeys: number; readonly hashKeys: number }): Uint8Array {
  let data: Uint8Array | undefined;
  let keyed = false;
  for (const { field, value } of fieldsOf(record)) {
    if (field === RECORD.data) data = bytes(value);
    else if (field === RECORD.partitionKey) keyed = within(value, tables.partitionKeys);
    else if (field === RECORD.hashKey) within(value, tables.hashKeys);
  }
  if (!data || !keyed) throw new Broken('one of its messages has no data or no partition key');
  return data;
}

function within(index: Uint8Array | number, length: number): true {
  if (typeof index !== 'number' || index >= length)
    throw new Broken('one of its messages names a key that is not there');
  return true;
}

function bytes(value: Uint8Array | number): Uint8Array {
  if (typeof value === 'number') throw new Broken('a field is of the wrong kind');
  return value;
}

/** Walks over the fields of a protocol buffer: numbers as they are, all else as bytes. */
function* fieldsOf(buffer: Uint8Array): Generator<{ readonly field: number; readonly value: Uint8Array | number }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = buffer[at++];
      if (byte === undefined) throw new Broken('it ends too early');
      // Beyond 2^53 digits are lost: such a number is too large for every use that is made of it.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Broken('a number has no end');
  };
  const take = (length: number): Uint8Array => {
    if (length > buffer.byteLength - at) throw new Broken('it ends too early');
    at += length;
    return buffer.subarray(at - length, at);
  };
  while (at < buffer.byteLength) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const kind = tag % 8;
    if (kind === 0) yield { field, value: varint() };
    else if (kind === 1) yield { field, value: take(8) };
    else if (kind === 2) yield { field, value: take(varint()) };
    else if (kind === 5) yield { field, value: take(4) };
    else throw new Broken('a field is of an unknown kind');
  }
}
