import { setTimeout as wait } from 'node:timers/promises';
import { TransientError } from '../model/errors.ts';
import { putOff } from '../model/tally.ts';
import type { Ledger, LedgerReader, Objects, Registry } from '../ports.ts';

/** 50 ms, doubling up to 5 s, each with up to as much again by chance, so that functions do not come back in step. */
export async function pause(attempt: number, signal: AbortSignal): Promise<'rested' | 'out of time'> {
  const base = Math.min(50 * 2 ** attempt, 5000);
  try {
    await wait(base + Math.random() * base, undefined, { signal });
    return 'rested';
  } catch {
    return 'out of time';
  }
}

/** Does something that may be done twice, again and again while it fails for a passing reason and there is time; it is told how often it has failed. */
export async function patiently<T>(signal: AbortSignal, work: (failed: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof TransientError) || (await pause(attempt, signal)) === 'out of time') throw error;
    }
  }
}

/** A ledger that waits for the database inside the invocation instead of giving the delivery back. */
export const patientLedger = (ledger: Ledger & LedgerReader, signal: AbortSignal): Ledger & LedgerReader => ({
  claim: (...given) => patiently(signal, () => ledger.claim(...given)),
  renew: (...given) => patiently(signal, () => ledger.renew(...given)),
  hand: (...given) => patiently(signal, () => ledger.hand(...given)),
  settle: (...given) => patiently(signal, () => ledger.settle(...given)),
  find: (...given) => patiently(signal, () => ledger.find(...given)),
  counted: (...given) => patiently(signal, () => ledger.counted(...given)),
  tally: (slot, messages) => patiently(signal, (failed) => ledger.tally(slot, putOff(messages, failed))),
  fileRuns: (...given) => patiently(signal, () => ledger.fileRuns(...given)),
  streamRuns: (...given) => patiently(signal, () => ledger.streamRuns(...given)),
  streamRunsIn: (...given) => patiently(signal, () => ledger.streamRunsIn(...given)),
  streamRunsOf: (...given) => patiently(signal, () => ledger.streamRunsOf(...given)),
});

export const patientObjects = (objects: Objects, signal: AbortSignal): Objects => ({
  find: (...given) => patiently(signal, () => objects.find(...given)),
  put: (...given) => patiently(signal, () => objects.put(...given)),
  keys: (...given) => patiently(signal, () => objects.keys(...given)),
  texts: (...given) => objects.texts(...given),
  versions: (...given) => patiently(signal, () => objects.versions(...given)),
});

export const patientRegistry = (registry: Registry, signal: AbortSignal): Registry => ({
  read: (...given) => patiently(signal, () => registry.read(...given)),
  list: (...given) => patiently(signal, () => registry.list(...given)),
  change: (...given) => patiently(signal, () => registry.change(...given)),
});
