import { placeText, type Rejection } from '../core/model/row.ts';
import type { FileRun, StreamRun } from '../core/model/run.ts';
import { rejectsPrefix } from '../core/pipeline/rejects.ts';
import { reasons, reasonText } from '../core/report/reasons.ts';
import { keysUnder, textsOf } from './audit-books.ts';
import { findRun } from './find-run.ts';
import { excerpt, type Result } from './ui.ts';
import { inWorld, type OperatorWorld } from './world.ts';

/** Rejections that are listed for people, of each group; `--json` has them all. */
const SHOWN = 5;

/** `sluice rejects <run>`: all rejected rows of a run, by reason, the most frequent first. */
export const runRejects = (id: string): Promise<Result> =>
  inWorld(async (world) => {
    const { tenant, run } = await findRun(world, id);
    const found = reasons();
    found.add(await readRejections(world, world.names(tenant.id).rejects, run));
    const groups = found.all();
    const lines = groups.flatMap((group) => [
      reasonText(group),
      ...group.rejections
        .slice(0, SHOWN)
        .flatMap((rejection) => [`  ${placeText(rejection)}: ${rejection.message}`, `    ${excerpt(rejection.raw)}`]),
      ...(group.count > SHOWN ? [`  … and ${group.count - SHOWN} more`] : []),
    ]);
    return { data: groups, lines: lines.length === 0 ? [`${run.id} has no rejections`] : lines };
  });

/** Characters of a record that are listed; the object in the bucket has a message whole. */
const RAW_SHOWN = 8192;
/** Objects that are read at one time: each may hold a megabyte. */
const TOGETHER = 50;

async function readRejections(world: OperatorWorld, bucket: string, run: FileRun | StreamRun): Promise<Rejection[]> {
  const day = 'object' in run ? run.day : run.minute.toISOString().slice(0, 10);
  const feeds = 'object' in run ? [run.feed] : Object.keys(run.feeds);
  const prefixes = feeds.map((feed) => rejectsPrefix(feed, day, run.id));
  const keys = await keysUnder(world, bucket, prefixes);
  const found: Rejection[] = [];
  for (let at = 0; at < keys.length; at += TOGETHER) {
    const texts = await textsOf(world, bucket, keys.slice(at, at + TOGETHER));
    const lines = texts.flatMap(({ text }) => text.split('\n')).filter((line) => line !== '');
    found.push(...lines.map((line) => shownOf(JSON.parse(line) as Rejection)));
  }
  return found;
}

const shownOf = (rejection: Rejection): Rejection => ({ ...rejection, raw: rejection.raw.slice(0, RAW_SHOWN) });
