import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The benchmark's own file server: it answers, on this machine, the few calls to AWS that the functions make. It takes the place of S3, SQS, EventBridge,
 * Secrets Manager and Kinesis's description of a stream, so that what is measured is the function and the database, and no emulator; ledger and database
 * are real. The whole local stack is measured apart (stack.ts).
 */
export interface FileServer {
  readonly url: string;
  /** Serves a file as a new object; what it answers is its version. */
  add(bucket: string, key: string, file: string): string;
  /** Keys of the objects that were put into a bucket. */
  put(bucket: string): readonly string[];
  close(): Promise<void>;
}

interface Served {
  readonly file: string;
  readonly size: number;
  readonly date: Date;
}

export async function serveFiles(secrets: Readonly<Record<string, object>>): Promise<FileServer> {
  const served = new Map<string, Served>();
  const stored = new Map<string, string>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });

  const calls: Record<string, (input: Record<string, string>) => object> = {
    'secretsmanager.GetSecretValue': ({ SecretId = '' }) => ({
      Name: SecretId,
      SecretString: JSON.stringify(secrets[SecretId]),
    }),
    'AmazonSQS.ChangeMessageVisibility': () => ({}),
    'AmazonSQS.SendMessage': ({ MessageBody = '' }) => ({
      MessageId: 'bench',
      MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
    }),
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
      const body = JSON.stringify(call(JSON.parse(await bodyOf(request))));
      response.writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/x-amz-json-1.1' });
      response.end(body);
      return;
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const key = decodeURIComponent(pathname.slice(1));
    if (request.method === 'PUT') {
      stored.set(key, await bodyOf(request));
      response.writeHead(200, { etag: '"bench"' }).end();
      return;
    }
    const object = served.get(`${key} ${searchParams.get('versionId')}`);
    if (!object) {
      response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>');
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const [start, end] = range ? [Number(range[1]), Number(range[2])] : [0, object.size - 1];
    response.writeHead(range ? 206 : 200, {
      'content-length': end - start + 1,
      'last-modified': object.date.toUTCString(),
      etag: '"bench"',
      ...(range && { 'content-range': `bytes ${start}-${end}/${object.size}` }),
    });
    if (request.method === 'HEAD') response.end();
    else createReadStream(object.file, { start, end, highWaterMark: 256 * 1024 }).pipe(response);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (bucket, key, file) => {
      const version = `v${served.size + 1}`;
      served.set(`${bucket}/${key} ${version}`, { file, size: statSync(file).size, date: new Date() });
      return version;
    },
    put: (bucket) => [...stored.keys()].filter((key) => key.startsWith(`${bucket}/`)),
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
