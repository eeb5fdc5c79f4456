import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openWire, type Wire } from '../../bench/wire.ts';

/** A frame of the protocol's version 4; of a batch the body begins with its type and how many statements it has. */
function frame(version: number, stream: number, opcode: number, body: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUInt8(version, 0);
  header.writeInt16BE(stream, 2);
  header.writeUInt8(opcode, 4);
  header.writeUInt32BE(body.length, 5);
  return Buffer.concat([header, body]);
}
const batch = (stream: number, rows: number) => frame(0x04, stream, 0x0d, Buffer.from([1, 0, rows]));
const result = (stream: number) => frame(0x84, stream, 0x08, Buffer.alloc(4));

let server: Server;
let wire: Wire;
let client: Socket;
afterEach(async () => {
  client.destroy();
  await wire.close();
  server.close();
});

/** Cassandra's place is taken by one that answers when it is told to. */
async function open() {
  const got: Buffer[] = [];
  let upstream: Socket | undefined;
  server = createServer((socket) => {
    upstream = socket.on('data', (data) => got.push(data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  wire = await openWire((server.address() as AddressInfo).port);
  client = connect(wire.port, '127.0.0.1');
  const answers: Buffer[] = [];
  client.on('data', (data) => answers.push(data));
  const reached = () => Buffer.concat(got);
  return { reached, answers: () => Buffer.concat(answers), answer: (data: Buffer) => upstream?.write(data) };
}

test('batches are counted while they are on their way, also when their frames come in pieces', async () => {
  const { reached, answer, answers } = await open();
  const bytes = Buffer.concat([batch(1, 30), batch(2, 5)]);
  client.write(bytes.subarray(0, 11));
  await expect.poll(() => reached().length).toBe(0);
  client.write(bytes.subarray(11));
  await expect.poll(() => reached()).toEqual(bytes);
  expect(wire.inFlight()).toBe(2);
  answer(result(2));
  await expect.poll(() => answers()).toEqual(result(2));
  expect(wire.inFlight()).toBe(1);
  expect(wire.answered).toMatchObject([{ rows: 5, failed: false }]);
});

test('a silent database gets nothing until it is free again', async () => {
  const { reached } = await open();
  wire.set({ kind: 'frozen' });
  client.write(batch(1, 30));
  await expect.poll(() => wire.inFlight()).toBe(1);
  expect(reached()).toHaveLength(0);
  wire.set({ kind: 'free' });
  await expect.poll(() => reached()).toEqual(batch(1, 30));
});

test('what is beyond the rate is refused as overloaded, and the database does not see it', async () => {
  const { reached, answers } = await open();
  wire.set({ kind: 'refusing', perSecond: 0 });
  client.write(batch(7, 30));
  await expect.poll(() => answers().length).toBeGreaterThan(13);
  expect(answers().readInt16BE(2)).toBe(7);
  expect(answers().readInt32BE(9)).toBe(0x1001);
  expect(reached()).toHaveLength(0);
  expect(wire.answered).toMatchObject([{ rows: 0, failed: true }]);
});
