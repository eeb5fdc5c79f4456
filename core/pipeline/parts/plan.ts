import type { Refusal } from '../../formats/format.ts';
import { cut } from '../../formats/stretches.ts';
import { caps } from '../../model/caps.ts';
import type { Plan } from '../../model/plan.ts';
import type { Task } from './task.ts';

/** Parts of a file at the most: each has a document in the ledger. */
const MOST_PARTS = 1000;

/** Plans a file, or plans it anew; a refusal tells why it cannot be read to its end in any number of attempts. */
export async function makePlan(
  known: Plan | null,
  { file, admitted: { format }, world }: Task,
): Promise<Plan | Refusal> {
  const { clock, profileVersion, large, signal } = world;
  const begun = { phase: 'check', since: clock.now().getTime(), profileVersion, counted: null } as const;
  if (known) return { ...known, ...begun };
  const partBytes = Math.max(large.partBytes, Math.ceil(file.size / MOST_PARTS));
  const found = await cut(file, format, partBytes, signal);
  if ('code' in found) return found;
  const { stretches, goesOn } = found;
  if (goesOn === 'skipping' && file.size > caps.skippedBytes) {
    const message = `the file has ${file.size} bytes; of a kind that can only be read from its start the platform takes ${caps.skippedBytes}`;
    return { code: 'SLU-3028', message };
  }
  return { ...begun, stretches: stretches ?? [null], goesOn };
}
