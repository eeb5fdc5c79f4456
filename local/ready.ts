import { setTimeout as sleep } from 'node:timers/promises';
import { tail } from './exec.ts';
import type { Part } from './part.ts';
import { Problem } from './problem.ts';
import { isAlive, readRecord, stopService } from './processes.ts';

/** Told each step as it happens: which part, and what. */
export type Progress = (part: string, message: string) => void;

/** Nobody waits longer than this without a line that tells why. */
export const heartbeatMs = 2000;

export const since = (start: number): string => `${((Date.now() - start) / 1000).toFixed(1)} s`;

/** Returns when the part truly answers, or when called off. Throws when its process ends or its deadline passes. */
export const waitUntilReady = async (
  part: Part,
  progress: Progress,
  state: 'starting' | 'running' | 'container',
  signal: AbortSignal,
): Promise<void> => {
  const began = Date.now();
  let lastBeat = began;
  for (let reason = await part.probe(); reason !== null; reason = await part.probe()) {
    if (signal.aborted) return;
    const record = readRecord(part.pidFile);
    if (state !== 'container' && (record === undefined || !(await isAlive(record)))) {
      throw notStarted(part, 'the process has ended', 0);
    }
    if (Date.now() - began > part.startDeadlineMs) {
      if (state !== 'container') await stopService(part.pidFile, part.stopGraceMs, part.orphanMark);
      throw notStarted(part, `it does not answer: ${reason}`, part.startDeadlineMs);
    }
    if (Date.now() - lastBeat >= heartbeatMs) {
      lastBeat = Date.now();
      progress(part.name, `not answering yet after ${since(began)} of at most ${part.startDeadlineMs / 1000} s`);
    }
    await sleep(150);
  }
  progress(
    part.name,
    state === 'running' ? `already running on ${part.address}` : `ready on ${part.address} after ${since(began)}`,
  );
};

const notStarted = (part: Part, cause: string, waitedMs: number): Problem =>
  new Problem('SLU-1003', `${part.name} did not start${waitedMs ? ` within ${waitedMs / 1000} s` : ''}: ${cause}`, {
    where: part.logFile,
    details: tail(part.logFile, 20),
    next: `sluice logs ${part.name}`,
  });

/** Does all at once. When one fails the others are called off, because the failure is to be told now. */
export const together = async <T>(
  items: readonly T[],
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  const off = new AbortController();
  const failures: unknown[] = [];
  const one = async (item: T) => {
    try {
      await work(item, off.signal);
    } catch (reason) {
      failures.push(reason);
      off.abort();
    }
  };
  await Promise.all(items.map(one));
  if (failures.length > 0) throw failures[0];
};
