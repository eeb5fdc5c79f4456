import type { Fields } from '../model/fields.ts';
import { isFileRule, type RecordRule } from '../model/quality.ts';
import { RowError } from '../model/row.ts';
import { show } from '../model/show.ts';
import type { Feed } from '../model/tenant.ts';
import { isAsync, textOf } from './tenant-code.ts';

type Values = Readonly<Record<string, unknown>>;

/** Thrown for a record that rules reject, or cannot judge. */
export class Broken extends RowError {
  /** All rules that the record breaks, first the one that rejects it or could not judge it. */
  readonly rules: readonly string[];
  constructor({ code, message, column, value }: RowError, rules: readonly string[]) {
    super(code, message, column, value);
    this.rules = rules;
  }
}

const NONE: readonly string[] = [];

/**
 * The stage between transform and load: asks each rule of a feed about a record that would be loaded. A rule that refuses files rejects the record
 * here; what becomes of its file is for the pass over the whole file to say (check-file.ts).
 */
export function judgeOf(feed: Feed) {
  const rules = (feed.quality ?? []).filter((rule) => !isFileRule(rule)) as RecordRule[];
  let asked: RecordRule | null = null;

  return {
    /** A record begins: nothing is asked of it yet, whatever the one before was interrupted in. */
    begin(): void {
      asked = null;
    },
    /** The rules that only warn and are broken. Throws `Broken` when another one is. */
    row(fields: Fields, outputs: readonly Values[]): readonly string[] {
      if (rules.length === 0 || outputs.length === 0) return NONE;
      let broken: string[] | null = null;
      let fatal: { readonly problem: RowError; readonly name: string } | null = null;
      for (const rule of rules) {
        asked = rule;
        const problem = problemWith(rule, fields, outputs);
        if (!problem) continue;
        broken = [...(broken ?? NONE), rule.name];
        if (problem.code === 'SLU-2019' || rule.severity !== 'warn') fatal ??= { problem, name: rule.name };
      }
      asked = null;
      if (fatal) {
        const { problem, name } = fatal;
        throw new Broken(problem, [name, ...(broken ?? NONE).filter((other) => other !== name)]);
      }
      return broken ?? NONE;
    },
    /** What is wrong when the work on a record had to be interrupted while a rule was asked; null when none was. */
    interrupted(patience: number): Broken | null {
      if (!asked) return null;
      const { name } = asked;
      const message = `the rule "${name}" did not return within ${patience / 1000} s`;
      return new Broken(new RowError('SLU-2019', message), [name]);
    },
  };
}

/** Null when the rule is kept. */
function problemWith(rule: RecordRule, fields: Fields, outputs: readonly Values[]): RowError | null {
  try {
    if (rule.record && !answer(rule, rule.record, fields)) return brokenBy(rule, fields.values);
    // A registered profile is plain data: its code is the checkout's, which may not have the rule.
    if (!rule.record && !rule.row) return new RowError('SLU-2019', `the rule "${rule.name}" has no code here`);
    if (!rule.row) return null;
    for (const output of outputs) if (!answer(rule, rule.row, output)) return brokenBy(rule, output);
    return null;
  } catch (error) {
    if (error instanceof Unanswered) return error;
    // What a rule reads and the record does not have, or not as such.
    if (error instanceof RowError) {
      const message = `the rule "${rule.name}" is broken: ${error.message}`;
      return new RowError('SLU-2018', message, error.column, error.value);
    }
    return new RowError('SLU-2019', `the rule "${rule.name}" threw: ${textOf(error)}`);
  }
}

function brokenBy({ name, description, column }: RecordRule, values: Values): RowError {
  const value = column === undefined ? '' : `; column "${column}" is ${show(values[column])}`;
  const message = `the rule "${name}" is broken: ${description}${value}`;
  return new RowError('SLU-2018', message, column, column === undefined ? undefined : values[column]);
}

class Unanswered extends RowError {}

function answer<T>(rule: RecordRule, code: (given: T) => unknown, given: T): boolean {
  if (isAsync(code)) throw new Unanswered('SLU-2019', `the rule "${rule.name}" is async; a rule does not wait`);
  const kept: unknown = code.call(rule, given);
  if (typeof kept === 'boolean') return kept;
  // Nobody waits for a promise; unheard, its failure would end the process.
  if (kept instanceof Promise) kept.catch(() => {});
  const what = kept instanceof Promise ? 'a promise' : show(kept);
  throw new Unanswered('SLU-2019', `the rule "${rule.name}" answered ${what}, not true or false`);
}
