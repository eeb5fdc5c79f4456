import { Script } from 'node:vm';

/** How code of a tenant is called, and what it throws and returns is told: it may do anything. */

const script = new Script('sluiceWork()');

/**
 * Runs work and answers whether it came to its end in time. The only way to stop a loop inside synchronous code is the
 * time limit of `node:vm`; it is used for nothing else, least of all as a sandbox.
 */
export function interruptible(work: () => void, milliseconds: number): boolean {
  const scope = globalThis as { sluiceWork?: () => void };
  scope.sluiceWork = work;
  try {
    script.runInThisContext({ timeout: milliseconds });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  } finally {
    delete scope.sluiceWork;
  }
}

/** Such a function is never called: a loop that only ever awaits could not be interrupted. */
export const isAsync = (code: unknown): boolean =>
  typeof code === 'function' && /^Async/.test((code as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? '');

/** Tenants can throw anything, also what cannot be turned into text. */
export function textOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return 'something that cannot be shown';
  }
}
