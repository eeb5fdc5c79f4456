import type { Rejection } from '../model/row.ts';
import { type FileRun, SAMPLE_SIZE } from '../model/run.ts';
import type { Objects } from '../ports.ts';

/** Where the rejections of a run lie in the tenant's rejects bucket. */
export const rejectsPrefix = (feed: string, day: string, runId: string): string => `rejects/${feed}/${day}/${runId}/`;

/** Stores a window's rejections, one JSON document a line; a second attempt at the window writes the same object again. */
export async function putFileRejections(
  objects: Objects,
  bucket: string,
  { feed, day, id }: FileRun,
  rejections: readonly Rejection[],
): Promise<void> {
  const ordered = rejections.toSorted((a, b) => Number(a.position) - Number(b.position));
  const first = ordered[0];
  if (!first) return;
  const name = String(first.position).padStart(12, '0');
  const lines = ordered.map((rejection) => `${JSON.stringify(rejection)}\n`).join('');
  await objects.put(bucket, `${rejectsPrefix(feed, day, id)}${name}.ndjson`, lines);
}

/** The positions that a run has rejected. */
export async function rejectedPositions(
  objects: Objects,
  bucket: string,
  { feed, day }: Pick<FileRun, 'feed' | 'day'>,
  runId: string,
): Promise<Set<number>> {
  const positions = new Set<number>();
  for await (const text of objects.texts(bucket, rejectsPrefix(feed, day, runId))) {
    for (const line of text.split('\n')) if (line !== '') positions.add(Number(JSON.parse(line).position));
  }
  return positions;
}

/** The first ones, for the run itself. */
export const firstOf = (rejections: readonly Rejection[]): readonly Rejection[] =>
  rejections
    .toSorted((a, b) => Number(a.position) - Number(b.position))
    .slice(0, SAMPLE_SIZE)
    .map((rejection) => ({ ...rejection, raw: rejection.raw.slice(0, 200) }));
