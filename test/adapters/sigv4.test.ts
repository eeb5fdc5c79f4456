import { X509Certificate } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { connect, keyspacesDialect } from '../../adapters/cassandra/client.ts';
import { type AwsCredentials, signedAnswer, sigV4AuthProvider } from '../../adapters/cassandra/sigv4.ts';

/**
 * The example of AWS's own plug-ins, which agree on it: aws/aws-sigv4-auth-cassandra-nodejs-driver-plugin,
 * test/unit/sigv4-auth-signature-tests.js (commit 702ec133), and aws/aws-sigv4-auth-cassandra-gocql-driver-plugin,
 * sigv4/internal/crypt_test.go (commit d57cc7ef). Both under Apache-2.0.
 */
const example = {
  region: 'us-west-2',
  nonce: '91703fdc2ef562e19fbdab0f58e42fe5',
  at: new Date('2020-06-09T22:41:51.000Z'),
  credentials: { accessKeyId: 'UserID-1', secretAccessKey: 'UserSecretKey-1' },
  answer:
    'signature=7f3691c18a81b8ce7457699effbfae5b09b4e0714ab38c1292dbdf082c9ddd87,access_key=UserID-1,amzdate=2020-06-09T22:41:51.000Z',
};

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const work of cleanUp.splice(0)) await work();
});

test('the signature is that of AWS’s published example', () => {
  const { region, nonce, credentials, at, answer } = example;
  expect(signedAnswer(region, nonce, credentials, at)).toBe(answer);
});

test('a role’s session token goes with it, outside of the signature', () => {
  const { region, nonce, credentials, at, answer } = example;
  const session = { ...credentials, sessionToken: 'sess-token-1' };
  expect(signedAnswer(region, nonce, session, at)).toBe(`${answer},session_token=sess-token-1`);
});

test('the driver logs in by it, with the credentials of the moment at each connection', async () => {
  const server = await loginServer(`nonce=${example.nonce},`);
  let asked = 0;
  const credentials = async (): Promise<AwsCredentials> => {
    asked++;
    return { ...example.credentials, sessionToken: `session-${asked}` };
  };
  for (const session of ['session-1', 'session-2']) {
    await expect(login(server.port, credentials)).rejects.toThrow(/enough of this server/);
    expect(server.seen.splice(0)).toEqual(['SigV4\0\0', `${example.answer},session_token=${session}`]);
  }
});

test('a server that is no Keyspaces is given no signature', async () => {
  const server = await loginServer('who are you?');
  await expect(login(server.port, async () => example.credentials)).rejects.toThrow(/holds no nonce/);
  expect(server.seen).toEqual(['SigV4\0\0']);
});

test('credentials that cannot be had are named as the reason', async () => {
  const server = await loginServer(`nonce=${example.nonce}`);
  const none = async () => Promise.reject(new Error('the credentials have expired'));
  await expect(login(server.port, none)).rejects.toThrow(/the credentials have expired/);
});

test('Node itself trusts the authorities of Keyspaces', () => {
  const subjects = rootCertificates.map((pem) => new X509Certificate(pem).subject);
  const named = (name: string) => subjects.some((subject) => subject.split('\n').includes(`CN=${name}`));
  for (const number of [1, 2, 3, 4]) expect(named(`Amazon Root CA ${number}`)).toBe(true);
  expect(named('Starfield Services Root Certificate Authority - G2')).toBe(true);
});

async function login(port: number, credentials: () => Promise<AwsCredentials>): Promise<void> {
  const address = { contactPoints: ['127.0.0.1'], port, datacenter: example.region };
  const client = connect(
    address,
    sigV4AuthProvider(example.region, credentials, () => example.at),
    keyspacesDialect,
  );
  try {
    await client.connect();
  } catch (error) {
    const inner = Object.values((error as { innerErrors?: Record<string, Error> }).innerErrors ?? {});
    throw inner[0] ?? error;
  } finally {
    await client.shutdown();
  }
}

/** Speaks CQL's protocol version 4 as far as a login goes: asks for it, challenges, and ends with an error of its own. */
async function loginServer(challenge: string): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = [];
  const [ERROR, STARTUP, AUTHENTICATE, OPTIONS, SUPPORTED, CHALLENGE, RESPONSE] = [0, 1, 3, 5, 6, 14, 15];
  const short = (text: string) => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);
  const long = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);
  const answer = (opcode: number, body: Buffer): [number, Buffer] => {
    if (opcode === OPTIONS) return [SUPPORTED as number, Buffer.from([0, 0])];
    if (opcode === STARTUP) return [AUTHENTICATE as number, short('com.amazon.mcs.auth')];
    if (opcode !== RESPONSE) throw new Error(`unexpected opcode ${opcode}`);
    const token = body.subarray(4).toString();
    seen.push(token);
    if (token.startsWith('SigV4')) return [CHALLENGE as number, long(challenge)];
    return [ERROR as number, Buffer.concat([Buffer.from([0, 0, 1, 0]), short('enough of this server')])];
  };
  const serve = (socket: Socket) => {
    let pending = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= 9 && pending.length >= 9 + pending.readInt32BE(5)) {
        const end = 9 + pending.readInt32BE(5);
        const [opcode, body] = answer(pending[4] as number, pending.subarray(9, end));
        const header = Buffer.from([0x84, 0, pending[2] as number, pending[3] as number, opcode, 0, 0, 0, 0]);
        header.writeInt32BE(body.length, 5);
        socket.write(Buffer.concat([header, body]));
        pending = pending.subarray(end);
      }
    });
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, seen };
}
