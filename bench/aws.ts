import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';

/**
 * The benchmark's own file server: it answers, on this machine, the few calls to AWS that the functions make. It takes the place of S3, SQS, EventBridge,
 * Secrets Manager and Kinesis's description of a stream, so that what is measured is the function and the database, and no emulator; ledger and database
 * are real. The whole local stack is measured apart (experiments/stack.ts).
 */
export interface FileServer {
  readonly url: string;
  /** Serves a file as a new object; what it answers is its version. */
  add(bucket: string, key: string, file: string): string;
  /** Keys of the objects that were put into a bucket. */
  put(bucket: string): readonly string[];
  /** Puts a message on a queue, where clients/invoke.mjs finds it. */
  send(queue: string, body: string): void;
  close(): Promise<void>;
}

interface Served {
  /** A file's name, or what was put. */
  readonly content: string | Buffer;
  readonly size: number;
  readonly date: Date;
}

/** Messages that wait, and how many are being handled: these may put others on the queue. */
interface Line {
  readonly waiting: string[];
  busy: number;
}

export async function serveFiles(secrets: Readonly<Record<string, object>>): Promise<FileServer> {
  const served = new Map<string, Served>();
  const stored = new Map<string, Served>();
  const lines = new Map<string, Line>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });

  const lineOf = (queue: string): Line => {
    const line = lines.get(queue) ?? { waiting: [], busy: 0 };
    lines.set(queue, line);
    return line;
  };

  const calls: Record<string, (input: Record<string, string>) => object> = {
    'secretsmanager.GetSecretValue': ({ SecretId = '' }) => ({
      Name: SecretId,
      SecretString: JSON.stringify(secrets[SecretId]),
    }),
    'AmazonSQS.ChangeMessageVisibility': () => ({}),
    'AmazonSQS.SendMessage': ({ QueueUrl = '', MessageBody = '' }) => {
      lineOf(basename(QueueUrl)).waiting.push(MessageBody);
      return { MessageId: 'bench', MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex') };
    },
    'AWSEvents.PutEvents': () => ({ FailedEntryCount: 0, Entries: [{ EventId: 'bench' }] }),
    'Kinesis_20131202.DescribeStreamSummary': ({ StreamName = '' }) => ({
      StreamDescriptionSummary: { StreamName, StreamStatus: 'ACTIVE', StreamCreationTimestamp: 1_700_000_000 },
    }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.headers['x-amz-target'];
    if (typeof target === 'string') {
      const call = calls[target];
      if (!call) throw new Error(`the file server knows no ${target}`);
      const body = JSON.stringify(call(JSON.parse((await bodyOf(request)).toString())));
      response.writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/x-amz-json-1.1' });
      response.end(body);
      return;
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const key = decodeURIComponent(pathname.slice(1));
    if (key.startsWith('next/')) return next(lineOf(basename(key)), searchParams, response);
    if (request.method === 'PUT') {
      const content = await bodyOf(request);
      stored.set(key, { content, size: content.length, date: new Date() });
      response.writeHead(200, { etag: '"bench"' }).end();
      return;
    }
    if (searchParams.get('list-type') === '2') return list(key, searchParams.get('prefix') ?? '', response);
    const object = served.get(`${key} ${searchParams.get('versionId')}`) ?? stored.get(key);
    if (!object) {
      response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>');
      return;
    }
    give(object, request, response);
  }

  /** The next message; 202 when there is none yet, because one that is being handled may bring it; 204 when there is none any more. */
  function next(line: Line, asked: URLSearchParams, response: ServerResponse): void {
    if (asked.has('done') || asked.has('failed')) line.busy--;
    // Whoever asks no more has given up, and so do the others.
    if (asked.has('failed')) line.waiting.length = 0;
    const body = line.waiting.shift();
    if (body === undefined) return void response.writeHead(line.busy > 0 ? 202 : 204).end();
    line.busy++;
    response.writeHead(200).end(body);
  }

  function list(bucket: string, prefix: string, response: ServerResponse): void {
    const keys = [...stored.keys()].filter((key) => key.startsWith(`${bucket.replace(/\/$/, '')}/${prefix}`)).sort();
    const contents = keys.map((key) => `<Contents><Key>${key.slice(key.indexOf('/') + 1)}</Key></Contents>`);
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(`<ListBucketResult>${contents.join('')}<IsTruncated>false</IsTruncated></ListBucketResult>`);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (bucket, key, file) => {
      const version = `v${served.size + 1}`;
      served.set(`${bucket}/${key} ${version}`, { content: file, size: statSync(file).size, date: new Date() });
      return version;
    },
    put: (bucket) => [...stored.keys()].filter((key) => key.startsWith(`${bucket}/`)),
    send: (queue, body) => void lineOf(queue).waiting.push(body),
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

function give({ content, size, date }: Served, request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  const [start, end] = range ? [Number(range[1]), Number(range[2])] : [0, size - 1];
  response.writeHead(range ? 206 : 200, {
    'content-length': end - start + 1,
    'last-modified': date.toUTCString(),
    etag: '"bench"',
    ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  if (request.method === 'HEAD') response.end();
  else if (typeof content !== 'string') response.end(content.subarray(start, end + 1));
  else createReadStream(content, { start, end, highWaterMark: 256 * 1024 }).pipe(response);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
