import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAggregated, MOST_TOGETHER, messagesIn } from '../../../core/formats/aggregated.ts';
import { aggregate, bytesField, numberField, sealed, type Together } from '../../support/aggregate.ts';

const one: fc.Arbitrary<Together> = fc.record({
  key: fc.string({ maxLength: 20 }),
  hashKey: fc.option(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String), { nil: undefined }),
  data: fc.uint8Array({ maxLength: 300 }),
  tags: fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 2 }),
});
const many = fc.array(one, { maxLength: 30 });

const plain = (bytes: readonly Uint8Array[] | string) =>
  typeof bytes === 'string' ? bytes : bytes.map((each) => Buffer.from(each).toString('hex'));
const hex = (messages: readonly Together[]) => messages.map(({ data }) => Buffer.from(data).toString('hex'));

test('what a producer has put together is taken apart in its order', () => {
  fc.assert(
    fc.property(many, (messages) => {
      const record = aggregate(messages);
      expect(isAggregated(record)).toBe(true);
      expect(plain(messagesIn(record))).toEqual(hex(messages));
    }),
  );
});

test.each([
  [
    // test/transform.js of awslabs/lambda-streams-to-firehose.
    '84mawgoFa2V5LTAaJQgAGiFUZXN0aW5nIEtQTCBBZ2dyZWdhdGVkIFJlY29yZCAxLTBlW2Hfd6iL1WkMbznr8jc2',
    ['Testing KPL Aggregated Record 1-0'],
  ],
  [
    // The tests of the npm package kpl-deagg.
    '84mawgoCcDEaGAgAGhQwMTIzNDU2Nzg5MDEyMzQ1NjdfQRoYCAAaFDAxMjM0NTY3ODkwMTIzNDU2N19CGhgIABoUMDEyMzQ1Njc4OTAxMjM0NTY3X0NHjL02iyRk3D+kO2UC2X6u',
    ['012345678901234567_A', '012345678901234567_B', '012345678901234567_C'],
  ],
])('a record that others have put together is taken apart: %#', (record, messages) => {
  const found = messagesIn(Buffer.from(record, 'base64'));
  expect(typeof found === 'string' ? found : found.map((each) => Buffer.from(each).toString())).toEqual(messages);
});

test('nothing that is text is taken for an aggregated record', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !isAggregated(Buffer.from(text))));
  expect(isAggregated(Buffer.from([0xf3, 0x89]))).toBe(false);
});

describe('a record is broken, and says why, when', () => {
  const record = (...fields: Buffer[]) => sealed(Buffer.concat([bytesField(1, 'a'), ...fields]));
  const data = bytesField(3, 'x');
  test.each<[string, Uint8Array, RegExp]>([
    ['it is cut', aggregate([{ key: 'a', data: Buffer.from('xyz') }]).subarray(0, -1), /checksum/],
    ['it is nearly nothing', Buffer.from([0xf3, 0x89, 0x9a, 0xc2, 1, 2, 3]), /too early/],
    ['a length goes beyond the end', record(Buffer.from([0x1a, 0x7f, 1])), /too early/],
    ['a number has no end', record(Buffer.alloc(12, 0xff)), /no end/],
    ['a message has no partition key', record(bytesField(3, data)), /no partition key/],
    ['a message has no data', record(bytesField(3, numberField(1, 0))), /no data/],
    [
      'a message names a key beyond the table',
      record(bytesField(3, Buffer.concat([numberField(1, 1), data]))),
      /not there/,
    ],
    [
      'a message names a hash key beyond the table',
      record(bytesField(3, Buffer.concat([numberField(1, 0), numberField(2, 0), data]))),
      /not there/,
    ],
    ['a message is a number', record(numberField(3, 7)), /wrong kind/],
    ['a key is bytes', record(bytesField(3, Buffer.concat([bytesField(1, 'a'), data]))), /not there/],
    ['a field is of an unknown kind', record(Buffer.from([0x1b])), /unknown kind/],
  ])('%s', (_, bytes, why) => {
    expect(messagesIn(bytes)).toMatch(why);
  });

  test('it holds more messages than are taken', () => {
    const messages = (count: number) =>
      aggregate(Array.from({ length: count }, () => ({ key: 'a', data: Buffer.alloc(0) })));
    expect(messagesIn(messages(MOST_TOGETHER))).toHaveLength(MOST_TOGETHER);
    expect(messagesIn(messages(MOST_TOGETHER + 1))).toMatch(/10001 messages; 10000 are taken/);
  });
});

test('whatever bytes come, with a right checksum too, there is an answer, and no message beyond them', () => {
  const damaged = fc.tuple(many, fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { minLength: 1, maxLength: 5 }));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 500 }), damaged), (input) => {
      const body = Array.isArray(input)
        ? input[1].reduce(
            (bytes, [at, byte]) => (at < bytes.length ? bytes.fill(byte, at, at + 1) : bytes),
            aggregate(input[0]).subarray(4, -16),
          )
        : (input as Uint8Array);
      const found = messagesIn(sealed(body));
      if (typeof found === 'string') return found !== '';
      return found.reduce((sum, each) => sum + each.byteLength, 0) <= body.byteLength;
    }),
    { numRuns: 2000 },
  );
});

test('known kinds of fields that nobody knows are passed over', () => {
  const extra = [
    numberField(9, 5),
    bytesField(10, 'later'),
    Buffer.from([0x59, ...Buffer.alloc(8)]),
    Buffer.from([0x5d, 0, 0, 0, 0]),
  ];
  const message = Buffer.concat([numberField(1, 0), ...extra, bytesField(3, 'x')]);
  expect(plain(messagesIn(sealed(Buffer.concat([...extra, bytesField(1, 'a'), bytesField(3, message)]))))).toEqual([
    '78',
  ]);
});
