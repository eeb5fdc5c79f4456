import { Script } from 'node:vm';
import { type Code, codes } from '../model/codes.ts';
import { conformer } from '../model/conform.ts';
import { Fields } from '../model/fields.ts';
import { type Rejection, type Row, RowError } from '../model/row.ts';
import type { Feed } from '../model/tenant.ts';

type Values = Readonly<Record<string, unknown>>;

/** A row with what the tenant's transform made of it: no outputs means that the tenant dropped it. */
export interface Transformed {
  readonly row: Row;
  readonly outputs: readonly Values[];
}

export type Transformer = (rows: readonly Row[]) => {
  readonly transformed: readonly Transformed[];
  readonly rejected: readonly Rejection[];
};

/**
 * Milliseconds that a transform may take for a stretch of rows before the row it is at gets a second, lone chance. Our own
 * figure: a stretch of 6,000 rows takes a healthy transform well below 100 ms.
 */
const PATIENCE = 10_000;

/** Makes the stage that runs a feed's transform over rows and checks what it returns; every row has one outcome. */
export function transformer(
  feed: Feed,
  context: { readonly tenant: string; readonly origin: string },
  patience = PATIENCE,
): Transformer {
  const conform = conformer(feed.table);
  const one = (row: Row): Transformed | Rejection => {
    try {
      const { position } = row;
      const result = feed.transform(new Fields(row.values), { ...context, feed: feed.name, position });
      const outputs = result === null ? [] : Array.isArray(result) ? (result as Values[]) : [result as Values];
      for (const output of outputs) {
        if (!isPlain(output)) throw new RowError('SLU-2007', `the transform returned ${describe(output)}`);
        conform(output);
      }
      return { row, outputs };
    } catch (error) {
      return rejection(row, error);
    }
  };

  return (rows) => {
    const transformed: Transformed[] = [];
    const rejected: Rejection[] = [];
    let next = 0;
    const upTo = (end: number) => () => {
      while (next < end) {
        const outcome = one(rows[next] as Row);
        if ('stage' in outcome) rejected.push(outcome);
        else transformed.push(outcome);
        next++;
      }
    };
    while (next < rows.length) {
      if (interruptible(upTo(rows.length), patience)) break;
      if (interruptible(upTo(next + 1), patience)) continue;
      rejected.push(reject(rows[next] as Row, 'SLU-2010', `the transform did not return within ${patience / 1000} s`));
      next++;
    }
    return { transformed, rejected };
  };
}

const script = new Script('sluiceWork()');

/**
 * Runs work and answers whether it came to its end in time. The only way to stop a loop inside synchronous code is the
 * time limit of `node:vm`; it is used for nothing else, least of all as a sandbox.
 */
function interruptible(work: () => void, milliseconds: number): boolean {
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

function isPlain(value: unknown): value is Values {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing (return null to drop the record)';
  if (value instanceof Promise) return 'a promise; a transform does not wait';
  return Array.isArray(value)
    ? 'a list inside a list'
    : `${typeof value === 'object' ? 'an object of a class' : `a ${typeof value}`}`;
}

function rejection(row: Row, error: unknown): Rejection {
  if (error instanceof RowError) return { ...reject(row, error.code, error.message), ...columnOf(error) };
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return reject(row, 'SLU-2006', `${codes['SLU-2006'][0]}: ${text}`);
}

const columnOf = ({ column }: RowError) => (column === undefined ? {} : { column });

const reject = ({ position, raw }: Row, code: Code, message: string): Rejection => ({
  position,
  stage: 'transform',
  code,
  message,
  raw,
});
