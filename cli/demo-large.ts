import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { namesOf } from '../core/model/names.ts';
import { isSettled } from '../core/model/run.ts';
import { type Progress, partsOf } from '../core/report/parts.ts';
import { killFunction } from '../local/kill-function.ts';
import type { Settings } from '../local/settings.ts';
import aviation from '../tenants/aviation/tenant.ts';
import { exportFlights } from './demo-data.ts';
import { copy } from './demo-files.ts';
import { today, until } from './demo-messages.ts';
import { runRunsShow } from './runs.ts';
import type { Ui } from './ui.ts';
import type { OperatorWorld } from './world.ts';

const FLIGHTS = 3_000_000;
/** Milliseconds: on a quiet machine of two cores it takes two to three minutes. */
const PATIENCE = 20 * 60_000;

/** One file with all flights, in parts: when some have been loaded the function is killed, and another goes on. */
export async function showLarge(world: OperatorWorld, settings: Settings, ui: Ui) {
  const file = join(settings.stateDir, 'demo', 'flights.csv');
  if (!existsSync(file)) {
    ui.progress('flights', `writing ${FLIGHTS.toLocaleString('en')} flights into one CSV`);
    await exportFlights({ from: 0, rows: FLIGHTS, format: 'csv', file });
  }
  const { staging, ingestObject } = namesOf(aviation.id);
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
  const key = `flights/${stamp}/flights.csv`;
  await copy(settings, file, `s3://${staging}/${key}`, ui);
  const ledger = world.ledger(aviation.id);
  const registry = world.registry(aviation.id);
  let most: Progress | null = null;
  let killed = false;
  const run = await until(
    { part: 'ledger', next: `sluice logs ${ingestObject}`, patience: PATIENCE },
    async () => {
      const found = (await ledger.fileRuns('flights', today())).find(({ object }) => object.key === key);
      if (!found || isSettled(found.state)) return { found: found ?? null, told: 'it is on its way' };
      const progress = await partsOf(registry, found, new Date());
      if (progress?.phase === 'load') most = progress;
      if (!killed && progress?.phase === 'load' && progress.share > 0.3) {
        killed = (await killFunction(settings, ingestObject)) > 0;
        if (killed) ui.progress('function', 'killed in the middle of a part');
      }
      const percent = Math.floor((progress?.share ?? 0) * 20) * 5;
      return {
        found: null,
        told: progress ? `${progress.phase}: ${percent} %, ${progress.parts.length} parts` : 'planning',
      };
    },
    ui,
  );
  const shown = await runRunsShow(run.id);
  const seconds = ((run.endedAt?.getTime() ?? 0) - run.startedAt.getTime()) / 1000;
  return {
    data: { run, parts: most },
    lines: [
      '',
      `The large file, in ${run.plan?.parts} parts, ${Math.round(run.counts.read / seconds).toLocaleString('en')} rows/s, both passes counted (npx sluice runs show ${run.id}):`,
      ...shown.lines.slice(0, 20),
    ],
  };
}
