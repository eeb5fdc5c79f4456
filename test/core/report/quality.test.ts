import { expect, test } from 'vitest';
import { minRows, range } from '../../../core/model/quality.ts';
import { defineFeed } from '../../../core/model/tenant.ts';
import { ingestFile } from '../../../core/pipeline/file.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import { qualityOf } from '../../../core/report/quality.ts';
import { readings, tenantOf } from '../../support/tenant.ts';
import { ingestObject, memoryWorld, message } from '../../support/world.ts';

const feed = defineFeed({
  ...readings,
  errors: { threshold: { share: 0.5 } },
  quality: [{ ...range('value', { max: 50 }, 'warn'), name: 'hot' }, minRows(1)],
});

const DAYS = ['2026-01-02', '2026-01-03'];

/** A tenant to whom several things are sent on two days, and what the report says of them. */
async function reported(profile = feed) {
  const world = memoryWorld(tenantOf({}, [feed]));
  const send = (key: string, content: string) => ingestObject(world.upload(key, content), world.attempt());
  const partial = await send('readings/a.csv', 'sensor,at,value,do\ns,1,60,\ns,2,,\ns,3,1,reject\n');
  const again = { object: partial.object, generation: 1, requestedAt: world.clock.now().getTime() };
  await ingestFile({ ...again, rejectsOf: partial.id }, world.attempt());
  await ingestMessages(
    [message(1, { sensor: 's', at: 9, value: 70 }), message(2, { sensor: 's', at: 'x' })],
    world.attempt(),
  );
  world.clock.advance(86_400);
  const refused = await send('readings/b.csv', 'sensor,at,value,do\ns,1,1,reject\ns,2,1,reject\ns,3,60,\n');
  const unread = await send('readings/c.csv', 'sensor,sensor\n');
  const files = (await Promise.all(DAYS.map((day) => world.ledger.fileRuns('readings', day)))).flat();
  const streams = (await Promise.all(DAYS.map((day) => world.ledger.streamRuns(day)))).flat();
  return { partial, refused, unread, quality: qualityOf(profile, files, streams) };
}

test('everything that was sent is told by day, refused files too, and nothing twice', async () => {
  const { quality } = await reported();
  expect(quality?.days).toEqual([
    {
      day: '2026-01-03',
      files: 2,
      refused: 2,
      messages: 0,
      read: 3,
      bad: 2,
      broken: { hot: 1, 'min-rows': 0 },
      rows: 1,
      absent: { sensor: 0, at: 0, value: 0, note: 1 },
    },
    {
      day: '2026-01-02',
      files: 1,
      refused: 0,
      messages: 2,
      read: 5,
      bad: 2,
      broken: { hot: 2, 'min-rows': 0 },
      rows: 2,
      absent: { sensor: 0, at: 0, value: 1, note: 2 },
    },
  ]);
  expect(quality?.total).toMatchObject({ files: 3, refused: 2, messages: 2, read: 8, bad: 4, broken: { hot: 3 } });
});

test('each run is told, the latest first', async () => {
  const { quality, partial, refused, unread } = await reported();
  const files = quality?.runs.filter((run) => run.files === 1) ?? [];
  expect(new Set(files.slice(0, 2).map(({ run }) => run))).toEqual(new Set([refused.id, unread.id]));
  expect(files[2]).toMatchObject({ run: partial.id, state: 'partial', read: 3, bad: 1, drift: null });
});

test('each rule is told with what it wants, one that is never broken and one that is gone, too', async () => {
  const { quality } = await reported({ ...feed, quality: [minRows(2), minRows(1)] });
  expect(quality?.rules).toEqual([
    expect.objectContaining({ name: 'min-rows', severity: 'refuse', broken: 0, last: null }),
    { name: 'hot', severity: null, description: null, broken: 3, last: '2026-01-03' },
  ]);
});

test('of a feed to which nothing was sent there is nothing to tell', () => {
  expect(qualityOf(feed, [], [])).toBeNull();
});
