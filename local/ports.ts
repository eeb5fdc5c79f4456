import { execFile } from 'node:child_process';
import { createServer } from 'node:net';

/** Whether a server could listen there now. Trying it is the only test that also sees a port held on 0.0.0.0. */
export const portIsFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

/** Who listens on the port, as far as the system lets us know: `java (pid 4711)`. */
export const portHolder = async (port: number): Promise<string | undefined> => {
  const sockets = await output('ss', ['-Hltnp', `sport = :${port}`]);
  const fromSs = sockets.match(/users:\(\("([^"]+)",pid=(\d+)/);
  if (fromSs) return `${fromSs[1]} (pid ${fromSs[2]})`;
  const files = await output('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']);
  const pid = files.match(/^p(\d+)$/m)?.[1];
  return pid === undefined ? undefined : `${files.match(/^c(.+)$/m)?.[1] ?? 'a process'} (pid ${pid})`;
};

const output = (file: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(file, args, { timeout: 1500 }, (_error, stdout) => resolve(stdout ?? ''));
  });
