import { createServer, type Server, type Socket } from 'node:net';
import type { ColumnType, UserType } from '../../core/model/column-types.ts';
import type { Table } from '../../core/model/table.ts';

/**
 * A server of version 4 of the native protocol as far as a client needs it that connects, prepares our statements for some tables and sends batches;
 * what becomes of each batch the test decides. It is one node that owns all there is.
 */
export interface FakeCassandra {
  readonly port: number;
  /** Bodies of the batches that have come, in order. */
  readonly batches: readonly Buffer[];
  /** Statements that have been prepared, in order, each time. */
  readonly prepared: readonly string[];
  /** Forgets what was prepared, as a server does that is started anew. */
  forget(): void;
  close(): Promise<void>;
}

/** What is answered: `done`, an error, or nothing at all; the batch's place among all that have come is given. */
export type Answering = (batch: Buffer, place: number) => Answer | Promise<Answer>;
export type Answer = 'done' | 'silence' | 'hang up' | { readonly code: number };

/** What the server thinks that columns are; by the name of the table. */
type Tables = readonly Pick<Table, 'name' | 'columns' | 'partitionKey'>[];

const opcodes = { error: 0, ready: 2, supported: 6, result: 8 } as const;

export async function fakeCassandra(tables: Tables, answer: Answering = () => 'done'): Promise<FakeCassandra> {
  const batches: Buffer[] = [];
  const prepared: string[] = [];
  const known = new Map<string, string>();
  const sockets = new Set<Socket>();

  const respond = async (
    opcode: number,
    body: Buffer,
    reply: (opcode: number, body: Buffer) => void,
    socket: Socket,
  ) => {
    if (opcode === 0x05) return reply(opcodes.supported, short(0));
    if (opcode === 0x07) return reply(opcodes.result, queried(body.subarray(4, 4 + body.readInt32BE(0)).toString()));
    if (opcode === 0x09) {
      const cql = body.subarray(4, 4 + body.readInt32BE(0)).toString();
      prepared.push(cql);
      const id = Buffer.from(cql).toString('latin1').padStart(16).slice(-16);
      known.set(id, cql);
      return reply(opcodes.result, preparedResult(id, cql, tables));
    }
    if (opcode !== 0x0d) return reply(opcodes.ready, Buffer.alloc(0));
    const idLength = body.readUInt16BE(4);
    const id = body.subarray(6, 6 + idLength);
    if (!known.has(id.toString('latin1')))
      return reply(opcodes.error, failure(0x2500, Buffer.concat([short(idLength), id])));
    const given = await answer(body, batches.push(body) - 1);
    if (given === 'done') reply(opcodes.result, int(1));
    else if (given === 'hang up') socket.destroy();
    else if (given !== 'silence') reply(opcodes.error, failure(given.code));
  };

  const server: Server = createServer((socket) => {
    sockets.add(socket);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data: Buffer) => {
      rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
      while (rest.length >= 9 && rest.length >= 9 + rest.readInt32BE(5)) {
        const stream = rest.subarray(2, 4);
        const end = 9 + rest.readInt32BE(5);
        const reply = (opcode: number, body: Buffer) =>
          socket.write(Buffer.concat([Buffer.of(0x84, 0), stream, Buffer.of(opcode), int(body.length), body]));
        respond(rest.readUInt8(4), rest.subarray(9, end), reply, socket);
        rest = rest.subarray(end);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    batches,
    prepared,
    forget: () => known.clear(),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const short = (value: number): Buffer => Buffer.of(value >> 8, value & 255);
const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const string = (text: string): Buffer => Buffer.concat([short(Buffer.byteLength(text)), Buffer.from(text)]);
const bytes = (content: Buffer): Buffer => Buffer.concat([int(content.length), content]);
const failure = (code: number, more: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([int(code), string(`error ${code}`), more]);

const codes: Readonly<Record<string, number>> = {
  ...{ bigint: 2, blob: 3, boolean: 4, decimal: 6, double: 7, float: 8, int: 9, timestamp: 11, uuid: 12, text: 13 },
  ...{ varint: 14, timeuuid: 15, inet: 16, date: 17, time: 18, smallint: 19, tinyint: 20 },
};

/** A type as the protocol tells it. */
function option(type: ColumnType): Buffer {
  if (type === 'duration') return Buffer.concat([short(0), string('org.apache.cassandra.db.marshal.DurationType')]);
  if (typeof type === 'string') return short(codes[type] as number);
  if ('list' in type) return Buffer.concat([short(0x20), option(type.list)]);
  if ('map' in type) return Buffer.concat([short(0x21), option(type.map[0]), option(type.map[1])]);
  if ('set' in type) return Buffer.concat([short(0x22), option(type.set)]);
  const { udt, fields } = type as UserType;
  const parts = Object.entries(fields).flatMap(([name, part]) => [string(name), option(part)]);
  return Buffer.concat([short(0x30), string('k'), string(udt), short(Object.keys(fields).length), ...parts]);
}

/** The marks of a statement of ours, in their order: the time of writing, and columns. */
function preparedResult(id: string, cql: string, tables: Tables): Buffer {
  const [, name] = /\."(\w+)"/.exec(cql) ?? [];
  const table = tables.find((each) => each.name === name);
  if (!table) throw new Error(`no table for ${cql}`);
  const key = [...cql.matchAll(/"(\w+)" = \?/g)].map(([, column]) => column as string);
  const names = cql.startsWith('INSERT') ? [...Object.keys(table.columns), null] : [null, ...key];
  const partition = table.partitionKey.map((column) => names.indexOf(column));
  const columns = names.flatMap((column) => [
    string(column ?? '[timestamp]'),
    option(column === null ? 'bigint' : (table.columns[column] as ColumnType)),
  ]);
  const parameters = [
    int(1),
    int(names.length),
    int(partition.length),
    ...partition.map(short),
    string('k'),
    string(table.name),
  ];
  return Buffer.concat([int(4), short(16), Buffer.from(id, 'latin1'), ...parameters, ...columns, int(4), int(0)]);
}

/** What a client that connects wants to know about the cluster. */
function queried(cql: string): Buffer {
  const local = {
    key: ['text', bytes(Buffer.from('local'))],
    data_center: ['text', bytes(Buffer.from('datacenter1'))],
    rack: ['text', bytes(Buffer.from('rack1'))],
    release_version: ['text', bytes(Buffer.from('5.0.9'))],
    partitioner: ['text', bytes(Buffer.from('org.apache.cassandra.dht.Murmur3Partitioner'))],
    tokens: [{ set: 'text' }, bytes(Buffer.concat([int(1), bytes(Buffer.from('0'))]))],
    rpc_address: ['inet', bytes(Buffer.of(127, 0, 0, 1))],
    host_id: ['uuid', bytes(Buffer.alloc(16, 1))],
    schema_version: ['uuid', bytes(Buffer.alloc(16, 2))],
  } as const;
  const columns = Object.entries(local);
  const isLocal = cql.includes('system.local');
  const specs = columns.flatMap(([name, [type]]) => [string(name), option(type as ColumnType)]);
  const head = [int(2), int(1), int(columns.length), string('system'), string('local'), ...specs];
  const values = columns.map(([, [, value]]) => value);
  return Buffer.concat([...head, int(isLocal ? 1 : 0), ...(isLocal ? values : [])]);
}
