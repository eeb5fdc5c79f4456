import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** A batch of rows that has been answered. */
export interface Answered {
  /** Milliseconds on the clock of `performance.now()`. */
  readonly at: number;
  readonly rows: number;
  /** Milliseconds from the request's arrival at the wire to the answer's. */
  readonly latency: number;
  /** Answered with an error. */
  readonly failed: boolean;
}

/** How requests get through: at once; so many a second, one after the other; batches beyond so many a second refused as overloaded; or not at all. */
export type Passage =
  | { readonly kind: 'free' | 'frozen' }
  | { readonly kind: 'slow' | 'refusing'; readonly perSecond: number };

/**
 * A wire between a client and Cassandra that knows the frames of the protocol's version 4: it tells what is on its way and for how long, and can make the
 * database slow, refusing or silent, as one is that has too much to do.
 */
export interface Wire {
  readonly port: number;
  readonly answered: readonly Answered[];
  /** Batches that have not been answered. */
  inFlight(): number;
  set(passage: Passage): void;
  /** Resolves at the first batch that is answered from now on. */
  firstAnswer(): Promise<number>;
  close(): Promise<void>;
}

const HEADER = 9;
const ERROR = 0x00;
const BATCH = 0x0d;
const OVERLOADED = 0x1001;

export async function openWire(serverPort: number): Promise<Wire> {
  const answered: Answered[] = [];
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let passage: Passage = { kind: 'free' };
  let tokens = 0;
  let inFlight = 0;
  let tell: ((at: number) => void) | null = null;

  let last = performance.now();
  const beat = setInterval(() => {
    const now = performance.now();
    if ('perSecond' in passage)
      tokens = Math.min(passage.perSecond / 20, tokens + ((now - last) / 1000) * passage.perSecond);
    last = now;
    while (waiting.length > 0 && mayPass()) waiting.shift()?.();
  }, 5);

  function mayPass(): boolean {
    if (passage.kind === 'frozen') return false;
    if (passage.kind !== 'slow') return true;
    if (tokens < 1) return false;
    tokens--;
    return true;
  }

  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1');
    const open = new Map<number, { at: number; rows: number }>();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true).on('error', () => socket.destroy());
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => {
      inFlight -= open.size;
      client.destroy();
    });
    const answer = (stream: number, failed: boolean) => {
      const request = open.get(stream);
      if (!request) return;
      open.delete(stream);
      inFlight--;
      const at = performance.now();
      answered.push({ at, rows: failed ? 0 : request.rows, latency: at - request.at, failed });
      tell?.(at);
    };
    client.on(
      'data',
      frames((frame) => {
        const stream = frame.readInt16BE(2);
        if (frame[4] === BATCH) {
          open.set(stream, { at: performance.now(), rows: frame.readUInt16BE(HEADER + 1) });
          inFlight++;
          if (passage.kind === 'refusing') {
            if (tokens < 1) {
              client.write(refusalOf(stream));
              return answer(stream, true);
            }
            tokens--;
          }
        }
        if (waiting.length === 0 && mayPass()) upstream.write(frame);
        else waiting.push(() => upstream.write(frame));
      }),
    );
    upstream.on(
      'data',
      frames((frame) => {
        answer(frame.readInt16BE(2), frame[4] === ERROR);
        client.write(frame);
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as AddressInfo).port,
    answered,
    inFlight: () => inFlight,
    set: (next) => {
      passage = next;
      tokens = 0;
    },
    firstAnswer: () =>
      new Promise((resolve) => {
        tell = (at) => {
          tell = null;
          resolve(at);
        };
      }),
    close: async () => {
      clearInterval(beat);
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Cuts what comes over a socket into whole frames. */
function frames(take: (frame: Buffer) => void): (data: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (data) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
    while (rest.length >= HEADER) {
      const end = HEADER + rest.readUInt32BE(5);
      if (rest.length < end) return;
      take(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}

function refusalOf(stream: number): Buffer {
  const text = 'the benchmark lets no more through';
  const frame = Buffer.alloc(HEADER + 6 + text.length);
  frame.writeUInt8(0x84, 0);
  frame.writeInt16BE(stream, 2);
  frame.writeUInt8(ERROR, 4);
  frame.writeUInt32BE(6 + text.length, 5);
  frame.writeInt32BE(OVERLOADED, HEADER);
  frame.writeUInt16BE(text.length, HEADER + 4);
  frame.write(text, HEADER + 6);
  return frame;
}
