import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way to a server that can be closed for some requests: those are held until their sender gives up. */
export async function gateTo(url: string) {
  const { hostname, port } = new URL(url);
  const passed: string[] = [];
  let lets: (method: string, path: string) => boolean = () => true;

  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = '', url: path = '', headers } = incoming;
    if (!lets(method, path)) return void incoming.resume();
    passed.push(`${method} ${path}`);
    const { expect: _, ...rest } = headers;
    const onward = request({ hostname, port, method, path, headers: rest }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once('error', () => outgoing.destroy());
    outgoing.once('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Requests that were let through, as `PUT /path?query`. */
    passed,
    /** Decides about requests from now on. */
    let: (decide: typeof lets) => {
      lets = decide;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
