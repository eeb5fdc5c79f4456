import { type ColumnType, type ScalarType, typeText } from '../model/column-types.ts';
import { show } from '../model/show.ts';
import type { Facts } from './facts.ts';
import type { ToldType } from './parquet.ts';
import { count, LEFT_OUT, notesOf, times, wordsOf } from './words.ts';

/** The type proposed for a field, with the reason and with what a person should look at. */
export interface Guess {
  /** Null when no type of the database takes the values as they are. */
  readonly type: ColumnType | null;
  readonly why: string;
  /** What could be meant otherwise. */
  readonly notes: readonly string[];
  /** What counts as no value, because all others are of the type. */
  readonly placeholders: readonly string[];
}

/**
 * Proposes a type for a field. `typed`: the format has numbers of its own, so that digits in a text are meant as text. `taken` are
 * placeholders that are values of another field.
 */
export function guessType(facts: Facts, typed: boolean, taken: ReadonlySet<string>, told?: ToldType): Guess {
  if (!told) return guessByValues(facts, typed, taken);
  const marks = [...facts.placeholders.values()].reduce((sum, number) => sum + number, 0);
  if (facts.fits.has(told.type) && (marks === 0 || told.type === 'text')) {
    const seen = facts.values + marks === 0 ? 'no record has a value' : valuesText(told.type, facts);
    return { type: told.type, why: `${told.says} in the file; ${seen}`, notes: [], placeholders: [] };
  }
  const guess = guessByValues(facts, typed, taken);
  const note = `${told.says} in the file, which ${show(facts.misfits.get(told.type))} does not fit as ${told.type}`;
  return { ...guess, notes: [note, ...guess.notes] };
}

function guessByValues(facts: Facts, typed: boolean, taken: ReadonlySet<string>): Guess {
  const { values, placeholders, fits } = facts;
  const marks = [...placeholders.keys()];
  const marked = [...placeholders.values()].reduce((sum, number) => sum + number, 0);
  if (values + marked === 0) {
    return {
      type: 'text',
      why: 'no record has a value',
      notes: ['the type is a guess from nothing'],
      placeholders: [],
    };
  }
  const chosen = values === 0 ? 'text' : choose(facts, typed);
  const conflict = chosen === 'text' ? undefined : marks.find((mark) => taken.has(mark));
  const type = conflict === undefined ? chosen : fits.has('text') ? 'text' : null;
  const why = valuesText(type, facts);
  if (conflict !== undefined) {
    const not = chosen === null ? 'such value' : typeText(chosen);
    const note = `${show(conflict)} is no ${not}, and as a placeholder of the feed it would be taken out of other columns too`;
    return { type, why, notes: [note, ...(type === null ? [LEFT_OUT] : [])], placeholders: [] };
  }
  if (type === 'text' || type === null) return { type, why, notes: notesOf(type, facts, typed), placeholders: [] };
  const aside = marks.length === 0 ? [] : [`${marks.map(show).join(', ')} (${times(marked)}) counts as no value`];
  return { type, why, notes: [...aside, ...notesOf(type, facts, typed)], placeholders: marks };
}

function valuesText(type: ColumnType | null, facts: Facts): string {
  const marked = [...facts.placeholders.values()].reduce((sum, number) => sum + number, 0);
  // A text such as NA is as good a text as any other.
  const all = type === 'text' ? facts.values + marked : facts.values;
  const none = facts.empty + facts.absent;
  const missing = none === 0 ? '' : `; ${count(none)} ${none === 1 ? 'record has' : 'records have'} none`;
  return `${count(all)} of ${count(all)} values are ${wordsOf(type, facts)}${missing}`;
}

const OTHERS: readonly ScalarType[] = ['uuid', 'date', 'timestamp', 'time', 'inet', 'blob', 'text'];

/** The narrowest type that all values are of and that takes nothing away from them; null when there is none. */
function choose(facts: Facts, typed: boolean): ColumnType | null {
  const { fits, kinds, zeroFirst, plusFirst } = facts;
  const texts = kinds.has('text');
  if (fits.has('boolean') && !(texts && typed)) return 'boolean';
  const asNumber = !(texts && (typed || zeroFirst !== null || plusFirst !== null)) && !kinds.has('boolean');
  return (asNumber ? numberType(facts) : undefined) ?? OTHERS.find((type) => fits.has(type)) ?? nested(facts, typed);
}

function numberType({ fits, kinds, exponent, fraction, rounded }: Facts): ScalarType | undefined {
  // 64 bits are told by the format, whatever the values at hand need.
  const wholes: readonly ScalarType[] = kinds.has('bigint') ? ['bigint', 'varint'] : ['int', 'bigint', 'varint'];
  const whole = exponent === null ? wholes.find((type) => fits.has(type)) : undefined;
  if (whole) return whole;
  // The same number of digits everywhere, two to four, is how amounts of money are written.
  const [fewest, most] = fraction;
  const amount = kinds.has('text') && exponent === null && fewest === most && most >= 2 && most <= 4;
  const exact: readonly ScalarType[] = rounded === null && !amount ? ['double', 'decimal'] : ['decimal', 'double'];
  return exact.find((type) => fits.has(type));
}

function nested({ kinds, inside }: Facts, typed: boolean): ColumnType | null {
  if (kinds.size !== 1 || inside?.empty) return null;
  const type = inside === null || inside.values === 0 ? 'text' : choose(inside, typed);
  if (type === null) return null;
  if (kinds.has('list')) return { list: type };
  return kinds.has('object') && typeof type === 'string' ? { map: ['text', type] } : null;
}
