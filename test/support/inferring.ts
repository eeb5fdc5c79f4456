import { guessFormat } from '../../core/infer/format.ts';
import { type Proposal, propose } from '../../core/infer/proposal.ts';
import { tryProposal } from '../../core/infer/try.ts';
import type { Trial } from '../../core/pipeline/trial.ts';
import { bytesOf } from './bytes.ts';
import { storedBytes } from './stored.ts';

/** What is proposed for a file of this content, and what becomes of the file then. */
export async function inferred(
  file: string,
  content: string | Uint8Array,
): Promise<{ readonly proposal: Proposal; readonly trial: Trial }> {
  const stored = storedBytes(typeof content === 'string' ? bytesOf(content) : content);
  const given = { stored, file, signal: new AbortController().signal };
  const format = good(await guessFormat(given));
  const proposal = good(await propose({ ...given, ...format }));
  return { proposal, trial: good(await tryProposal(proposal, { ...given, ...format })) };
}

function good<T extends object>(found: T): Exclude<T, { code: unknown }> {
  if ('code' in found) throw new Error(`${found.code}: ${(found as unknown as { message: string }).message}`);
  return found as Exclude<T, { code: unknown }>;
}
