import type { Refusal } from '../formats/format.ts';
import { type Code, codes } from '../model/codes.ts';
import { conformer } from '../model/conform.ts';
import { Fields } from '../model/fields.ts';
import { placeOf, type Rejection, type Row, RowError, type Stage } from '../model/row.ts';
import { show } from '../model/show.ts';
import type { Feed } from '../model/tenant.ts';
import { contractOf } from './contract.ts';
import { Broken, judgeOf } from './judge.ts';
import { interruptible, isAsync, textOf } from './tenant-code.ts';

type Values = Readonly<Record<string, unknown>>;

/** A row with what the tenant's transform made of it: no outputs means that the tenant dropped it. */
export interface Transformed {
  readonly row: Row;
  readonly outputs: readonly Values[];
  /** Names of the quality rules that the record breaks, though it is loaded. */
  readonly broken: readonly string[];
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

/** Our own figures: a window of rows takes a healthy transform well below 100 ms. */
const PATIENCE: Patience = { first: 10_000, least: 100, most: Number.POSITIVE_INFINITY };

/** For files, which can be refused: a function's time must be enough even when a whole window does not return. */
export const PATIENCE_WITH_FILES: Patience = { ...PATIENCE, most: 20 };

/** Characters of a rejection's message, which may be the tenant's own, that are kept: the ledger holds the first ones. */
const MESSAGE_LIMIT = 1000;

/**
 * Makes the stages that run a feed's transform over rows, check what it returns, and judge it by the feed's rules; every row has one outcome.
 */
export function transformer(
  feed: Feed,
  context: { readonly tenant: string; readonly origin: string },
  { first, least, most }: Patience = PATIENCE,
): Transformer {
  const { tenant, origin } = context;
  const { name, transform } = feed;
  const waits = isAsync(transform);
  const conform = conformer(feed.table);
  const contract = contractOf(feed);
  const judge = judgeOf(feed);
  let patience = first;
  let interrupted = 0;
  const one = (row: Row): Transformed | Rejection => {
    judge.begin();
    try {
      const { position } = row;
      const breach = contract?.check(row.values);
      if (breach) return rejection(row, breach, 'read');
      if (waits) throw new RowError('SLU-2007', `the transform returned ${describe(PROMISE)}`);
      const fields = new Fields(row.values);
      const result = transform.call(feed, fields, { tenant, feed: name, position, origin });
      const made = result === null ? [] : Array.isArray(result) ? (result as Values[]) : [result as Values];
      for (const output of made) {
        if (!isPlain(output)) throw new RowError('SLU-2007', `the transform returned ${describe(output)}`);
      }
      const outputs = contract?.rescue(row.values, made) ?? made;
      for (const output of outputs) conform(output);
      return { row, outputs, broken: judge.row(fields, outputs) };
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
      const row = rows[next] as Row;
      rejected.push(rejection(row, judge.interrupted(patience) ?? tooSlow(patience)));
      next++;
      interrupted++;
      patience = Math.max(least, Math.ceil(patience / 2));
      if (interrupted < most) continue;
      const message = `given up at record ${row.position}: the transform did not return for ${interrupted} records`;
      return { transformed, rejected, refusal: { code: 'SLU-2010', message } };
    }
    return { transformed, rejected };
  };
}

const PROMISE = Promise.resolve();

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

const tooSlow = (patience: number) =>
  new RowError('SLU-2010', `the transform did not return within ${patience / 1000} s`);

function rejection(row: Row, error: unknown, stage?: Stage): Rejection {
  if (error instanceof Broken) {
    return { ...reject(row, error.code, error.message, 'judge'), ...columnOf(error), rules: error.rules };
  }
  if (error instanceof RowError) return { ...reject(row, error.code, error.message, stage), ...columnOf(error) };
  return reject(row, 'SLU-2006', `${codes['SLU-2006'][0]}: ${textOf(error)}`);
}

const columnOf = ({ column, value }: RowError) => ({
  ...(column !== undefined && { column }),
  ...(value !== undefined && { value: show(value) }),
});

const reject = (row: Row, code: Code, message: string, stage: Stage = 'transform'): Rejection => ({
  ...placeOf(row),
  stage,
  code,
  message: message.length > MESSAGE_LIMIT ? `${message.slice(0, MESSAGE_LIMIT)}…` : message,
  raw: row.raw,
});
