import { type ColumnType, typeText } from '../model/column-types.ts';
import { isDay } from '../model/instants.ts';
import { show } from '../model/show.ts';
import type { Facts } from './facts.ts';

/** What is said of a guess: what the values are, and what a person should look at. */

export const count = (number: number): string => number.toLocaleString('en-US');
export const times = (number: number): string => (number === 1 ? 'once' : `${count(number)} times`);

export const LEFT_OUT =
  'no column takes it as it is: it is left out; take its parts in a transform, or give it a type by defineType';

/** What the values of a field are, as a column of a type. */
export function wordsOf(type: ColumnType | null, facts: Facts): string {
  const { fraction, names, kinds, firstText, lastText } = facts;
  if (type === null) {
    return kinds.has('object') && kinds.size === 1
      ? `objects with ${[...names].join(', ')}`
      : `of several kinds: ${[...kinds].join(', ')}`;
  }
  if (typeof type === 'object') return `${typeText(type).split('<')[0]}s`;
  const [smallest, largest] = [grouped(facts.smallest), grouped(facts.largest)];
  const range = smallest === largest ? `, all ${smallest}` : ` between ${smallest} and ${largest}`;
  const digits = `${fraction[0] === fraction[1] ? '' : 'up to '}${fraction[1]} ${fraction[1] === 1 ? 'digit' : 'digits'}`;
  const days =
    firstText === null ? '' : firstText === lastText ? `, all ${firstText}` : ` between ${firstText} and ${lastText}`;
  switch (type) {
    case 'int':
    case 'bigint':
    case 'varint':
      return `whole numbers${range}`;
    case 'float':
    case 'double':
      return `numbers${range}`;
    case 'decimal':
      return fraction[1] === 0 ? `whole numbers${range}` : `numbers with ${digits} behind the point${range}`;
    case 'date':
      return `days${days}`;
    case 'timestamp':
      return 'timestamps of ISO 8601';
    case 'time':
      return 'times of day';
    case 'duration':
      return 'durations';
    case 'boolean':
      return 'true or false';
    case 'uuid':
      return 'UUIDs';
    case 'inet':
      return 'IP addresses';
    case 'blob':
      return 'bytes';
    default:
      return textWords(facts);
  }
}

/** `1,565,354`, and a fraction as it is. */
const grouped = (number: string | null): string => String(number).replace(/(?<!\.\d*)\B(?=(\d{3})+(?!\d))/g, ',');

function textWords({ longest, choices }: Facts): string {
  const few = [...(choices ?? [])];
  if (few.length === 1) return `all ${show(few[0])}`;
  return few.length > 0 && few.length <= 5
    ? `one of ${few.map(show).join(', ')}`
    : `texts of at most ${count(longest)} characters`;
}

/** What a person should decide. */
export function notesOf(type: ColumnType | null, facts: Facts, typed: boolean): string[] {
  if (type === null) return [LEFT_OUT];
  if (type === 'text') return [...textNotes(facts, typed), ...wordNotes(facts)];
  if (type === 'int' || type === 'bigint') return [...wordNotes(facts), ...wholeNotes(type, facts)];
  if (type === 'timestamp' && facts.zoneless > 0) return [`${count(facts.zoneless)} name no zone and are taken as UTC`];
  if (type !== 'decimal') return [];
  return facts.rounded === null
    ? ['perhaps money; `double` is faster to reckon with, and not exact']
    : [`a double would round ${facts.rounded}`];
}

function textNotes(facts: Facts, typed: boolean): string[] {
  const { fits, misfits, kinds, smallest, placeholders, zeroFirst, plusFirst, eitherFirst, monthName } = facts;
  const marks = [...placeholders].map(([mark, often]) => `${show(mark)} (${times(often)})`);
  const perhaps =
    marks.length === 0
      ? []
      : [
          `${marks.join(', ')} may mean that there is no value: name it in \`placeholders\`, which holds for all columns`,
        ];
  const keep = 'kept as text; a transform can make `date` of it';
  if (eitherFirst !== null) return [`${dayWords(facts)}: ${keep}`, ...perhaps];
  if (monthName !== null) return [`days with the name of a month such as ${show(monthName)}: ${keep}`, ...perhaps];
  if (fits.has('decimal')) {
    if (typed) return ['numbers in quotes: taken for text, as they are sent', ...perhaps];
    if (zeroFirst !== null) return [`${show(zeroFirst)} would lose its zeros as a number`, ...perhaps];
    if (plusFirst !== null) return [`${show(plusFirst)} would lose its plus sign as a number`, ...perhaps];
  } else if (smallest !== null && !typed && kinds.size === 1) {
    return [`numbers but for ${show(misfits.get('decimal'))} and the like`, ...perhaps];
  }
  return perhaps;
}

function dayWords({ dayFirst, monthFirst, eitherFirst }: Facts): string {
  if (dayFirst !== null && monthFirst !== null) return `days in two orders, ${show(dayFirst)} and ${show(monthFirst)}`;
  if (dayFirst !== null) return `days written day first (${show(dayFirst)})`;
  if (monthFirst !== null) return `days written month first (${show(monthFirst)})`;
  return `days such as ${show(eitherFirst)}, and no value tells whether day or month comes first`;
}

/** Pairs of words that often stand for true and false. */
function wordNotes({ choices }: Facts): string[] {
  const words = [...(choices ?? [])]
    .map((choice) => String(choice).toLowerCase())
    .sort()
    .join(' ');
  if (!['0 1', 'n y', 'no yes', 'f t'].includes(words)) return [];
  return [`only ${words.replace(' ', ' and ')}: perhaps true and false, which \`boolean\` reads as the words alone`];
}

function wholeNotes(type: 'int' | 'bigint', { smallest, largest, kinds }: Facts): string[] {
  const [from, to] = [Number(smallest), Number(largest)];
  const within = (low: number, high: number) => from >= low && to <= high && from !== to;
  const keep = 'kept as the number that it is';
  const [first, last] = [Date.UTC(2000), Date.UTC(2040)];
  if (within(first / 1000, last / 1000)) return [`perhaps seconds since 1970: ${keep}`];
  if (within(first, last)) return [`perhaps milliseconds since 1970: ${keep}`];
  const day = (number: number) => isDay(String(number).replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'));
  if (within(1900_00_00, 2100_00_00) && day(from) && day(to)) return [`perhaps days such as ${from}: ${keep}`];
  if (type === 'bigint' && !kinds.has('bigint') && Math.max(to, -from) > Number.MAX_SAFE_INTEGER) {
    return ['beyond 2^53, where JavaScript’s numbers would be rounded: `bigint` keeps every digit'];
  }
  return [];
}
