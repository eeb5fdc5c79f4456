import { deserialize } from 'node:v8';
import { type FieldValues, noCounts, type Rejection } from '../../core/model/row.ts';
import { admit } from '../../core/pipeline/admit.ts';
import { tryFile } from '../../core/pipeline/trial.ts';
import type { Objects } from '../../core/ports.ts';
import { storedBytes } from '../support/stored.ts';
import { ingestObject, memoryWorld } from '../support/world.ts';
import { corpusTenant } from './tenant.ts';

/** Takes a file the whole way through the platform, with ports in memory; `read` is what the loaded records were, in order. */
export async function outcomeOf(key: string, content: Uint8Array, byteByByte = false) {
  const world = memoryWorld(corpusTenant);
  const ref = world.upload(key, content);
  const attempt = world.attempt();
  const objects = byteByByte ? inSingleBytes(attempt.objects, content) : attempt.objects;
  const { state, reason, counts } = await ingestObject(ref, { ...attempt, objects });
  const rejections = [...world.rejects().values()].flat() as Rejection[];
  const tables = new Set(corpusTenant.feeds.map(({ table }) => table.name));
  const rows = [...tables].flatMap((table) => world.sink.rows(table));
  const read = rows.map((row) => (row.record ? deserialize(row.record as Uint8Array) : row) as FieldValues);
  return { state, reason, counts, rejections, read };
}

/** Tries a file as `sluice check` does. */
export async function trialOf(key: string, content: Uint8Array) {
  const admitted = admit(corpusTenant, key, content.length);
  if ('code' in admitted) return { reason: admitted, counts: noCounts() };
  const trial = await tryFile(corpusTenant, admitted, storedBytes(content), key, new AbortController().signal);
  return 'code' in trial ? { reason: trial, counts: noCounts() } : { reason: trial.refusal, counts: trial.counts };
}

const inSingleBytes = (objects: Objects, content: Uint8Array): Objects => ({
  ...objects,
  find: async (ref) => {
    const found = await objects.find(ref);
    return found && { ...storedBytes(content, 1), lastModified: found.lastModified };
  },
});
