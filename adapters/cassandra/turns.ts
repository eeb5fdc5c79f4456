import type { Client } from 'cassandra-driver';

/** Reads on their way at one time over one client: the driver refuses what goes beyond 2,048 of a connection, and fewer are as fast. */
const AT_ONCE = 64;

interface Line {
  running: number;
  readonly waiting: (() => void)[];
}

const lines = new WeakMap<Client, Line>();

/** Does some work over a client when it is its turn; a report over a year asks for thousands of partitions at one time. */
export async function inTurn<T>(client: Client, work: () => Promise<T>): Promise<T> {
  const line = lines.get(client) ?? { running: 0, waiting: [] };
  lines.set(client, line);
  if (line.running >= AT_ONCE) await new Promise<void>((resolve) => line.waiting.push(resolve));
  else line.running++;
  try {
    return await work();
  } finally {
    const next = line.waiting.shift();
    if (next) next();
    else line.running--;
  }
}
