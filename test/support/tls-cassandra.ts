import { appendFile, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cassandraPart } from '../../local/cassandra.ts';
import { isAlive, startService, stopService } from '../../local/processes.ts';
import { loadSettings } from '../../local/settings.ts';
import { run, until } from './user.ts';

export interface TlsCassandra {
  readonly port: number;
  /** PEM of the authority that has signed the server's certificate, which is good for `localhost` and for nothing else. */
  readonly authority: string;
  /** PEM of another authority of the same name. */
  readonly otherAuthority: string;
  stop(): Promise<void>;
}

/** Heap of a Cassandra that holds no data; one of 384 MB starts on a machine that runs the local stack besides. */
const HEAP = '384M';

/** Starts a Cassandra that takes TLS only, from the jars of the local stack, in a folder and on ports of its own. */
export async function startTlsCassandra(ready: (cassandra: TlsCassandra) => Promise<boolean>): Promise<TlsCassandra> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-tls-'));
  const [port, storagePort] = await freePorts(2);
  const main = loadSettings();
  const settings = loadSettings({
    ...process.env,
    SLUICE_STATE_DIR: folder,
    SLUICE_DOWNLOADS_DIR: main.downloadsDir,
    SLUICE_CASSANDRA_PORT: String(port),
    SLUICE_CASSANDRA_STORAGE_PORT: String(storagePort),
    SLUICE_CASSANDRA_HEAP: HEAP,
  });
  const part = cassandraPart(settings);
  for (const download of part.downloads) if (!download.isPresent()) await download.install();

  const stop = async () => {
    await stopService(part.pidFile, part.stopGraceMs);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { authority, otherAuthority, keystore } = await makeCertificates(folder);
    const configuration = join(folder, 'cassandra.yaml');
    await copyFile(join(settings.root, 'local', 'cassandra', 'cassandra.yaml'), configuration);
    const encryption = { enabled: true, optional: false, store_type: 'PKCS12', keystore, keystore_password: PASSWORD };
    await appendFile(configuration, `\nclient_encryption_options: ${JSON.stringify(encryption)}\n`);

    const command = await part.command();
    const args = command.args.map((arg) =>
      arg.startsWith('-Dcassandra.config=') ? `-Dcassandra.config=${pathToFileURL(configuration).href}` : arg,
    );
    const record = await startService({ ...command, args }, part.logFile, part.pidFile);
    const cassandra = { port: port as number, authority, otherAuthority, stop };
    await until('a Cassandra that takes TLS', async () => {
      if (await ready(cassandra)) return true;
      if (await isAlive(record)) return undefined;
      throw new Error(`Cassandra ended: ${(await readFile(part.logFile, 'utf8')).slice(-4000)}`);
    });
    return cassandra;
  } catch (error) {
    await stop();
    throw error;
  }
}

const PASSWORD = 'for-this-test-only';

async function makeCertificates(folder: string) {
  const path = (name: string) => join(folder, 'certificates', name);
  await mkdir(path('.'), { recursive: true });
  const openssl = async (...args: string[]) => {
    const { exit, stderr } = await run('openssl', args);
    if (exit !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  };
  const newKey = (name: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', path(`${name}.key`)];
  for (const name of ['authority', 'other']) {
    const subject = ['-subj', '/CN=Test authority', '-days', '2'];
    await openssl('req', '-x509', ...newKey(name), '-out', path(`${name}.pem`), ...subject);
  }
  // The common name is the address on purpose: names count only as alternative names.
  await openssl('req', ...newKey('server'), '-out', path('server.csr'), '-subj', '/CN=127.0.0.1');
  await writeFile(path('names'), 'subjectAltName=DNS:localhost\n');
  const signed = ['-CA', path('authority.pem'), '-CAkey', path('authority.key'), '-CAcreateserial', '-days', '2'];
  const names = ['-extfile', path('names'), '-out', path('server.pem')];
  await openssl('x509', '-req', '-in', path('server.csr'), ...signed, ...names);
  const pair = ['-in', path('server.pem'), '-inkey', path('server.key'), '-name', 'server'];
  await openssl('pkcs12', '-export', ...pair, '-passout', `pass:${PASSWORD}`, '-out', path('server.p12'));
  const pem = (name: string) => readFile(path(name), 'utf8');
  return {
    authority: await pem('authority.pem'),
    otherAuthority: await pem('other.pem'),
    keystore: path('server.p12'),
  };
}

/** Ports that nobody listened on a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address === 'object') ports.push(address.port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}
