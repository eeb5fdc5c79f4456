import { expect, test } from 'vitest';
import { arrival, isSettled } from '../../../core/model/run.ts';
import { ingestFile } from '../../../core/pipeline/file.ts';
import { nowhere } from '../../../core/pipeline/load.ts';
import { syntheticNotes } from '../../support/synthetic.ts';
import { tenantOf } from '../../support/tenant.ts';
import { memoryWorld } from '../../support/world.ts';

test('an object of 100 MB that is nowhere, but made while it is read, is planned, loaded in parts and handed on', async () => {
  const { object, stored, feed, rows } = syntheticNotes(100_000_000);
  const world = memoryWorld(tenantOf({ maxFileBytes: 1e12, maxFileRows: 1e9 }, [feed]));
  let attempts = 0;
  let peak = 0;
  world.sent.push(arrival(object));
  for (let delivery = world.sent.shift(); delivery; delivery = world.sent.shift()) {
    attempts++;
    const given = world.attempt();
    const objects = {
      ...given.objects,
      find: async (ref: typeof object) => (ref.key === object.key ? stored : given.objects.find(ref)),
    };
    const until = new Date(world.clock.now().getTime() + 10_000);
    const sink = {
      ...nowhere,
      async write() {
        world.clock.advance(1);
        peak = Math.max(peak, process.memoryUsage().rss);
        return [];
      },
    };
    const large = { from: 1, partBytes: 16_000_000, workers: 2, handOver: { seeking: until, skipping: until } };
    await ingestFile(delivery, { ...given, objects, sink, large });
  }
  const [run] = await world.runs(feed.name);
  expect(run && isSettled(run.state)).toBe(true);
  expect(run).toMatchObject({ state: 'loaded', counts: { read: rows, loaded: rows, dropped: 0, rejected: 0 } });
  expect(run?.plan).toMatchObject({ parts: 6 });
  expect(run?.plan?.handOvers).toBeGreaterThan(0);
  console.log(`${attempts} attempts, ${Math.round(peak / 1024 / 1024)} MiB resident at most, with the tests' own`);
}, 120_000);
