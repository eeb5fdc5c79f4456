import { Client, type QueryOptions, types } from 'cassandra-driver';
import { type ColumnType, typeText } from '../../core/model/column-types.ts';
import { FatalError } from '../../core/model/errors.ts';
import type { Stretch } from './bytes.ts';

/**
 * Unlogged batches whose values are encoded already, sent by the driver: prepared, routed, timed out, answered and prepared again like its own. The driver
 * has no public way to be given bytes. All that is used of its inside (version 4.10.0, lib/client.js and lib/request-execution.js) is here: that
 * `Client.batch` has its request made by `_createBatchRequest`, and what it asks of a request. test/adapters/encoded-batch.test.ts compares what
 * goes over the wire with the driver's own; in a version that does not ask here no batch is sent.
 */

/** A statement with the types of its parameters. */
export interface Statement {
  readonly keyspace: string;
  readonly cql: string;
  readonly parameters: readonly ColumnType[];
}

export interface EncodedBatch {
  readonly statement: Statement;
  /** Parameters of the statement, each with its length, once for each row. */
  readonly rows: readonly Stretch[];
  /** The bytes of a partition's key, by which the driver finds a replica; without them it asks any node. */
  readonly routingKey: Buffer | undefined;
}

/** Sends a batch; throws what the driver throws. */
export type SendBatch = (batch: EncodedBatch) => Promise<void>;

/** What the driver asks of its options for one request. */
interface Options {
  setKeyspace(keyspace: string): void;
  getConsistency(): number;
  getSerialConsistency(): number | undefined;
}

/** What a server tells of the parameters of a statement that it has prepared. */
interface Prepared {
  readonly queryId: Buffer;
  readonly meta: { readonly columns: readonly { readonly name: string; readonly type: ServerType }[] };
  /** What was given to `Client.batch` as the only parameter. */
  readonly params: readonly EncodedBatch[];
}

interface ServerType {
  readonly code: number;
  readonly info?: unknown;
}

const UNLOGGED = 1;
const BATCH = 0x0d;
const HEADER = 9;
const WITH_SERIAL_CONSISTENCY = 0x10;

/** The way of a client's batches; the client is the driver's own, without anything before it. */
export function batchSender(client: Client): SendBatch {
  if (!('_createBatchRequest' in Client.prototype)) {
    throw new FatalError('SLU-5004', 'this version of cassandra-driver takes no encoded batches');
  }
  const checked = new WeakSet<Prepared['meta']>();
  const createRequest = async ([prepared]: readonly [Prepared], options: Options) => {
    const { queryId, meta, params } = prepared;
    const [batch] = params as readonly [EncodedBatch];
    if (!checked.has(meta)) checkTypes(batch.statement, meta);
    checked.add(meta);
    options.setKeyspace(batch.statement.keyspace);
    return new BatchRequest(batch, queryId, options);
  };
  const own: Client = Object.create(client, { _createBatchRequest: { value: createRequest } });
  let isConnected = false;
  return async (batch) => {
    // That it is connected the client is to note, not what stands before it.
    if (!isConnected) await client.connect();
    isConnected = true;
    const { statement, routingKey } = batch;
    const { cql: query } = statement;
    const options: QueryOptions = { prepare: true, logged: false, ...(routingKey && { routingKey }) };
    await Reflect.apply(Client.prototype.batch, own, [[{ query, params: [batch] }], options]);
  };
}

/** A request as the driver's connections take it. */
class BatchRequest {
  /** Bytes of the body, for the driver's tracker of requests. */
  length = 0;
  private readonly batch: EncodedBatch;
  private readonly queryId: Buffer;
  private readonly options: Options;

  constructor(batch: EncodedBatch, queryId: Buffer, options: Options) {
    this.batch = batch;
    this.queryId = queryId;
    this.options = options;
  }

  /** For another attempt, to which the driver gives properties of its own. */
  clone(): BatchRequest {
    return new BatchRequest(this.batch, this.queryId, this.options);
  }

  /** The whole frame: section 4.1.7 of version 4 of the native protocol. */
  write({ protocolVersion }: { readonly protocolVersion: number }, streamId: number): Buffer {
    if (protocolVersion !== types.protocolVersion.v4) {
      throw new FatalError('SLU-5004', `the database speaks version ${protocolVersion} of the protocol, not 4`);
    }
    const { rows, statement } = this.batch;
    const consistency = this.options.getConsistency();
    const serial = this.options.getSerialConsistency();
    const head = Buffer.allocUnsafe(5 + this.queryId.length);
    head.writeUInt8(1);
    head.writeUInt16BE(this.queryId.length, 1);
    this.queryId.copy(head, 3);
    head.writeUInt16BE(statement.parameters.length, 3 + this.queryId.length);

    let size = HEADER + 3 + rows.length * head.length + (serial ? 5 : 3);
    for (const { start, end } of rows) size += end - start;
    const frame = Buffer.allocUnsafe(size);
    this.length = size - HEADER;
    frame.writeUInt8(protocolVersion);
    frame.writeUInt8(0, 1);
    frame.writeInt16BE(streamId, 2);
    frame.writeUInt8(BATCH, 4);
    frame.writeInt32BE(this.length, 5);
    frame.writeUInt8(UNLOGGED, 9);
    frame.writeUInt16BE(rows.length, 10);
    let at = HEADER + 3;
    for (const { bytes, start, end } of rows) {
      frame.set(head, at);
      at += head.length;
      bytes.copy(frame, at, start, end);
      at += end - start;
    }
    frame.writeUInt16BE(consistency, at);
    frame.writeUInt8(serial ? WITH_SERIAL_CONSISTENCY : 0, at + 2);
    if (serial) frame.writeUInt16BE(serial, at + 3);
    return frame;
  }
}

/** Bytes of one type in a column of another would be refused at best. */
function checkTypes({ cql, parameters }: Statement, { columns }: Prepared['meta']): void {
  for (const [index, type] of parameters.entries()) {
    const column = columns[index];
    if (column && isOf(column.type, type)) continue;
    const wanted = typeText(type);
    throw new FatalError('SLU-5004', `the database's column "${column?.name}" is no ${wanted} (${cql})`);
  }
}

const DURATION = 'org.apache.cassandra.db.marshal.DurationType';

/** Whether a column that the server tells of is of a type of ours. */
function isOf({ code, info }: ServerType, type: ColumnType): boolean {
  const { dataTypes } = types;
  if (type === 'duration') return code === dataTypes.duration || (code === dataTypes.custom && info === DURATION);
  if (type === 'text') return code === dataTypes.text || code === dataTypes.varchar;
  if (typeof type === 'string') return code === dataTypes[type];
  if ('list' in type) return code === dataTypes.list && isOf(info as ServerType, type.list);
  if ('set' in type) return code === dataTypes.set && isOf(info as ServerType, type.set);
  if ('map' in type) {
    const [key, of] = info as readonly [ServerType, ServerType];
    return code === dataTypes.map && isOf(key, type.map[0]) && isOf(of, type.map[1]);
  }
  const { fields } = info as { readonly fields: readonly { readonly name: string; readonly type: ServerType }[] };
  const wanted = Object.entries(type.fields);
  if (code !== dataTypes.udt || fields.length !== wanted.length) return false;
  return wanted.every(([name, part], at) => fields[at]?.name === name && isOf(fields[at].type, part));
}
