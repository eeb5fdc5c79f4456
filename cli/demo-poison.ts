import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tenantFunctions } from '../core/model/bundle.ts';
import type { Code } from '../core/model/codes.ts';
import { replaceCode } from '../local/replace-code.ts';
import type { Settings } from '../local/settings.ts';
import aviation from '../tenants/aviation/tenant.ts';
import { versionsIn } from '../tenants/version.ts';
import { messagesToday, putFlights, today, until } from './demo-messages.ts';
import { runReplay } from './replay.ts';
import type { Ui } from './ui.ts';
import type { OperatorWorld } from './world.ts';

/** The flights that are sent, and the one among them on which the function dies. */
const FLIGHTS = { from: 230_000, rows: 40 } as const;
const POISON = 'F0230020';
const DIED: Code = 'SLU-2023';

/**
 * A transform with a bug ends the process on one flight. The flight is found among its neighbours and lies in the rejects bucket; when the bug is mended it
 * is replayed. The deployed function has the bug for as long as this takes.
 */
export async function showPoison(world: OperatorWorld, settings: Settings, ui: Ui) {
  const tenants = join(settings.root, 'tenants');
  const functions = [tenantFunctions(aviation.id).ingestStream];
  const buggy = join(settings.stateDir, 'demo', 'aviation-with-a-bug.ts');
  writeFileSync(buggy, withBug(join(tenants, aviation.id, 'tenant.ts')));
  const ledger = world.ledger(aviation.id);
  const counted = (await messagesToday(ledger)).read;
  const began = new Date();
  await replaceCode(settings, functions, versionsIn(undefined, tenants), buggy);
  ui.progress('aviation', `a transform is deployed that ends the process on flight ${POISON}`);
  try {
    await putFlights(FLIGHTS, settings, ui);
    await until(
      { part: 'ledger', next: `sluice dlq ${aviation.id}` },
      async () => {
        const left = Math.max(0, counted + FLIGHTS.rows - (await messagesToday(ledger)).read);
        return { found: left === 0 ? left : null, told: `${left} of ${FLIGHTS.rows} messages to go` };
      },
      ui,
    );
  } finally {
    await replaceCode(settings, functions, versionsIn(undefined, tenants));
    ui.progress('aviation', 'the transform without the bug is deployed again');
  }
  const runs = (await ledger.streamRuns(today())).filter(({ minute }) => minute.getTime() > began.getTime() - 60_000);
  const found = runs
    .flatMap((run) => run.firstRejections.map((rejection) => ({ run, rejection })))
    .find(({ rejection }) => rejection.code === DIED);
  if (!found) return { data: null, lines: [] };
  const { run, rejection } = found;
  const replayed = await runReplay(run.id, { message: String(rejection.position) }, ui);
  return {
    data: { rejection, replayed: replayed.data },
    lines: [
      '',
      `The message on which the function died, alone among ${FLIGHTS.rows} (npx sluice rejects ${run.id}):`,
      `  ${rejection.code}  ${rejection.message}`,
      `    ${rejection.raw}`,
      `and replayed after the transform was mended (npx sluice replay ${run.id}):`,
      ...replayed.lines,
    ],
  };
}

/** The tenant's own file around which there is a bug; it stands in for it in the bundle. */
const withBug = (file: string): string => `import tenant from ${JSON.stringify(file)};

const feeds = tenant.feeds.map((feed) => ({
  ...feed,
  transform(fields, context) {
    if (fields.values.flight_id === ${JSON.stringify(POISON)}) process.exit(1);
    return feed.transform(fields, context);
  },
}));

export default { ...tenant, feeds };
`;
