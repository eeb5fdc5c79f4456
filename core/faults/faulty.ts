import { TransientError } from '../model/errors.ts';
import type { Announcements, Ledger, LedgerReader, Objects, Queue, Registry, Sink, StoredObject } from '../ports.ts';

/**
 * What can befall a call of a port. `crash`: the process is gone before the call. `crash-after`: the call takes effect, and then the process is
 * gone. `error`: the call fails and has no effect. `lost`: it takes effect, and the answer says that it has failed. `duplicate`: it is
 * made twice. `delay`: it takes long.
 */
export const faults = ['crash', 'crash-after', 'error', 'lost', 'duplicate', 'delay'] as const;
export type Fault = (typeof faults)[number];

export interface Misfortune {
  /** What befalls the call, named `port.method`, that is about to be made; null for most. */
  strike(call: string): Fault | null;
  /** Lets time pass, and others go first: before each call, and for long when it is delayed. */
  pass(call: string, delayed: boolean): Promise<void>;
}

/** The ports of one attempt at a file. */
export interface FilePorts {
  readonly sink: Sink;
  readonly ledger: Ledger & LedgerReader;
  readonly registry: Registry;
  readonly objects: Objects;
  readonly queue: Queue;
  readonly announcements: Announcements;
}

/**
 * Ports through which misfortune befalls whoever uses them. After a crash nothing that the attempt does reaches a port any more, as if its process
 * were gone; `crashed` resolves then. `crash` has it die by itself, between two calls.
 */
export function faulty(ports: FilePorts, misfortune: Misfortune) {
  let gone = false;
  let crash = () => {};
  const crashed = new Promise<void>((resolve) => {
    crash = () => {
      gone = true;
      resolve();
    };
  });
  const never = () => new Promise<never>(() => {});
  const failure = (call: string) => new TransientError('SLU-5002', `${call} fails by a fault that was asked for`);

  async function befall<T>(call: string, make: () => Promise<T>): Promise<T> {
    if (gone) return never();
    const fault = misfortune.strike(call);
    await misfortune.pass(call, fault === 'delay');
    if (gone) return never();
    if (fault === 'crash') {
      crash();
      return never();
    }
    if (fault === 'error') throw failure(call);
    let answer = await make();
    if (fault === 'duplicate') {
      await misfortune.pass(call, false);
      if (gone) return never();
      answer = await make();
    }
    if (fault === 'crash-after') {
      crash();
      return never();
    }
    await misfortune.pass(call, false);
    if (gone) return never();
    if (fault === 'lost') throw failure(call);
    return answer;
  }

  /** A stream of answers breaks, or not, at any of its pieces; none of them comes twice. */
  async function* pieces<T>(call: string, from: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const piece of from) yield await befall(call, async () => piece);
  }

  const wrap = <P extends object>(name: string, port: P): P =>
    Object.fromEntries(
      Object.entries(port).map(([method, of]) => {
        if (typeof of !== 'function') return [method, of];
        const call = `${name}.${method}`;
        return [method, (...given: unknown[]) => befall(call, () => of(...given))];
      }),
    ) as P;

  const opened = (stored: StoredObject | null): StoredObject | null =>
    stored && { ...stored, open: (signal, range) => pieces('objects.open', stored.open(signal, range)) };

  const objects = wrap('objects', ports.objects);
  return {
    crashed,
    crash: () => crash(),
    ports: {
      sink: wrap('sink', ports.sink),
      ledger: wrap('ledger', ports.ledger),
      registry: wrap('registry', ports.registry),
      objects: {
        ...objects,
        find: async (ref) => opened(await objects.find(ref)),
        texts: (bucket, prefix) => pieces('objects.texts', ports.objects.texts(bucket, prefix)),
      },
      queue: wrap('queue', ports.queue),
      announcements: wrap('announcements', ports.announcements),
    } satisfies FilePorts,
  };
}
