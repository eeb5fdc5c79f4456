import type { Refusal } from '../formats/format.ts';
import { FatalError, TransientError } from '../model/errors.ts';

/** True when S3 does not give an object out: no attempt would change that. */
export const isUnreadable = (error: unknown): error is FatalError =>
  error instanceof FatalError && error.code === 'SLU-3011';

/** What an error says as the reason of a run. */
export function reasonOf(error: unknown): Refusal {
  if (error instanceof TransientError || error instanceof FatalError)
    return { code: error.code, message: error.message };
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'SLU-5006', message: text.slice(0, 1000) };
}
