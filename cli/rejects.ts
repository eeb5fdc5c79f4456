import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { namesOf } from '../core/model/names.ts';
import { placeText, type Rejection } from '../core/model/row.ts';
import type { FileRun, StreamRun } from '../core/model/run.ts';
import { rejectsPrefix } from '../core/pipeline/rejects.ts';
import { reasons, reasonText } from '../core/report/reasons.ts';
import { clientOptions } from '../local/deploy.ts';
import { loadSettings, type Settings } from '../local/settings.ts';
import { findRun } from './find-run.ts';
import { excerpt, type Result } from './ui.ts';
import { openWorld } from './world.ts';

/** Rejections that are listed for people, of each group; `--json` has them all. */
const SHOWN = 5;

/** `sluice rejects <run>`: all rejected rows of a run, by reason, the most frequent first. */
export const runRejects = async (id: string): Promise<Result> => {
  const settings = loadSettings();
  const world = await openWorld(settings);
  try {
    const { tenant, run } = await findRun(world, id);
    const found = reasons();
    found.add(await readRejections(settings, namesOf(tenant.id).rejects, run));
    const groups = found.all();
    const lines = groups.flatMap((group) => [
      reasonText(group),
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
