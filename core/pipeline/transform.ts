import { Script } from 'node:vm';
import type { Refusal } from '../formats/format.ts';
import { type Code, codes } from '../model/codes.ts';
import { conformer } from '../model/conform.ts';
import { Fields } from '../model/fields.ts';
import { placeOf, type Rejection, type Row, RowError } from '../model/row.ts';
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
  /** Set when the transform was given up: the rows behind the last one that has an outcome were not tried. */
  readonly refusal?: Refusal;
};

export interface Patience {
  /**
   * Milliseconds that the transform may take for a stretch of rows before the row it is at gets a second, lone chance. Halved
   * after each row that was interrupted, so that a delivery full of such rows cannot eat up the function's time.
   */
  readonly first: number;
  /** What is left of it at the least. */
  readonly least: number;
  /** Rows that are interrupted before the transform is given up. */
  readonly most: number;
}

/** Our own figures: a stretch of 6,000 rows takes a healthy transform well below 100 ms. */
const PATIENCE: Patience = { first: 10_000, least: 100, most: Number.POSITIVE_INFINITY };

/** For files, which can be refused: a function's time must be enough even when a whole window does not return. */
export const PATIENCE_WITH_FILES: Patience = { ...PATIENCE, most: 20 };

/** Characters of a rejection's message, which may be the tenant's own, that are kept: the ledger holds the first ones. */
const MESSAGE_LIMIT = 1000;

/** Makes the stage that runs a feed's transform over rows and checks what it returns; every row has one outcome. */
export function transformer(
  feed: Feed,
  context: { readonly tenant: string; readonly origin: string },
  { first, least, most }: Patience = PATIENCE,
): Transformer {
  const conform = conformer(feed.table);
  let patience = first;
  let interrupted = 0;
  const one = (row: Row): Transformed | Rejection => {
    try {
      const { position } = row;
      // Never called: a loop that only ever awaits could not be interrupted.
      if (isAsync(feed.transform)) throw new RowError('SLU-2007', `the transform returned ${describe(PROMISE)}`);
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
      // Where rows have been interrupted before, each is alone from the start.
      if (interrupted === 0 && interruptible(upTo(rows.length), patience)) break;
      // The time may also run out just when the work is done.
      const at = next;
      if (at === rows.length || interruptible(upTo(at + 1), patience) || next > at) continue;
      const { position } = rows[next] as Row;
      rejected.push(reject(rows[next] as Row, 'SLU-2010', `the transform did not return within ${patience / 1000} s`));
      next++;
      interrupted++;
      patience = Math.max(least, Math.ceil(patience / 2));
      if (interrupted < most) continue;
      const message = `given up at record ${position}: the transform did not return for ${interrupted} records`;
      return { transformed, rejected, refusal: { code: 'SLU-2010', message } };
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

const PROMISE = Promise.resolve();

const isAsync = (transform: unknown): boolean => /^Async/.test(Object.prototype.toString.call(transform).slice(8));

function isPlain(value: unknown): value is Values {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing (return null to drop the record)';
  if (value instanceof Promise) {
    // Nobody will wait for it; unheard, its failure would end the process.
    value.catch(() => {});
    return 'a promise; a transform does not wait';
  }
  return Array.isArray(value)
    ? 'a list inside a list'
    : `${typeof value === 'object' ? 'an object of a class' : `a ${typeof value}`}`;
}

function rejection(row: Row, error: unknown): Rejection {
  if (error instanceof RowError) return { ...reject(row, error.code, error.message), ...columnOf(error) };
  return reject(row, 'SLU-2006', `${codes['SLU-2006'][0]}: ${textOf(error)}`);
}

/** Tenants can throw anything, also what cannot be turned into text. */
function textOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return 'something that cannot be shown';
  }
}

const columnOf = ({ column }: RowError) => (column === undefined ? {} : { column });

const reject = (row: Row, code: Code, message: string): Rejection => ({
  ...placeOf(row),
  stage: 'transform',
  code,
  message: message.length > MESSAGE_LIMIT ? `${message.slice(0, MESSAGE_LIMIT)}…` : message,
  raw: row.raw,
});
