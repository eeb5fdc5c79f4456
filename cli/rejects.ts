import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { codes } from '../core/model/codes.ts';
import { namesOf } from '../core/model/names.ts';
import { placeText, type Rejection } from '../core/model/row.ts';
import type { FileRun, StreamRun } from '../core/model/run.ts';
import { rejectsPrefix } from '../core/pipeline/rejects.ts';
import { clientOptions } from '../local/deploy.ts';
import { loadSettings, type Settings } from '../local/settings.ts';
import { findRun } from './find-run.ts';
import { excerpt, type Result } from './ui.ts';
import { openWorld } from './world.ts';

/** Rejections of one kind: the same code, by the same quality rule if it is one's, at the same column. */
export interface RejectGroup {
  readonly code: string;
  readonly rule: string | null;
  readonly column: string | null;
  readonly title: string;
  readonly count: number;
  readonly rejections: readonly Rejection[];
}

/** Rejections that are listed for people, of each group; `--json` has them all. */
const SHOWN = 5;

/** `sluice rejects <run>`: all rejected rows of a run, by reason, the most frequent first. */
export const runRejects = async (id: string): Promise<Result> => {
  const settings = loadSettings();
  const world = await openWorld(settings);
  try {
    const { tenant, run } = await findRun(world, id);
    const rejections = await readRejections(settings, namesOf(tenant.id).rejects, run);
    const groups = groupOf(rejections);
    const lines = groups.flatMap((group) => [
      `${group.code}  ${group.count} × ${group.title}${group.rule === null ? '' : `, rule "${group.rule}"`}${group.column === null ? '' : `, column "${group.column}"`}`,
      ...group.rejections
        .slice(0, SHOWN)
        .flatMap((rejection) => [`  ${placeText(rejection)}: ${rejection.message}`, `    ${excerpt(rejection.raw)}`]),
      ...(group.count > SHOWN ? [`  … and ${group.count - SHOWN} more`] : []),
    ]);
    return { data: groups, lines: lines.length === 0 ? [`${run.id} has no rejections`] : lines };
  } finally {
    await world.close();
  }
};

const readRejections = async (settings: Settings, bucket: string, run: FileRun | StreamRun): Promise<Rejection[]> => {
  const client = new S3Client(clientOptions(settings));
  const day = 'object' in run ? run.day : run.minute.toISOString().slice(0, 10);
  const feeds = 'object' in run ? [run.feed] : Object.keys(run.feeds);
  const found: Rejection[] = [];
  try {
    for (const feed of feeds) {
      const prefix = rejectsPrefix(feed, day, run.id);
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        const texts = (page.Contents ?? []).map(async ({ Key }) => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
          return (await Body?.transformToString()) ?? '';
        });
        const lines = (await Promise.all(texts)).flatMap((text) => text.split('\n').filter((line) => line !== ''));
        found.push(...lines.map((line) => JSON.parse(line) as Rejection));
      }
    }
  } finally {
    client.destroy();
  }
  return found;
};

const groupOf = (rejections: readonly Rejection[]): RejectGroup[] =>
  Object.values(Object.groupBy(rejections, ({ code, rules, column }) => JSON.stringify([code, rules?.[0], column])))
    .filter((members) => members !== undefined)
    .map((members) => {
      const { code, rules, column } = members[0] as Rejection;
      const rule = rules?.[0] ?? null;
      return { code, rule, column: column ?? null, title: codes[code][0], count: members.length, rejections: members };
    })
    .toSorted((a, b) => b.count - a.count);
