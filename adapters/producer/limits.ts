/**
 * PutRecords takes 500 records and 10 MiB, keys included, and a key of 256 characters; a stream takes records of 1 MiB, key included, unless it is
 * configured for more (API reference of Kinesis Data Streams, PutRecords, as of SDK 3.1143; the 5 MiB of older texts held until October 2025).
 */
export const CALL = { records: 500, bytes: 10 * 1024 * 1024 };
export const RECORD = 1024 * 1024;
const KEY = 256;

/** What is wrong with a record before it is put; undefined when nothing is. */
export function faultOf(key: string, size: number, most: number): { code: string; message: string } | undefined {
  if (key === '') return { code: 'KeyEmpty', message: 'the partition key is empty' };
  if ([...key].length > KEY)
    return { code: 'KeyTooLong', message: `the partition key has more than ${KEY} characters` };
  if (size <= most) return undefined;
  return { code: 'RecordTooLarge', message: `the record has ${size} bytes with its key, of ${most} at most` };
}
