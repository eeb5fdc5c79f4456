import { typeText } from './column-types.ts';
import { didYouMean } from './nearest.ts';
import { show } from './show.ts';
import { primaryKey, type Table } from './table.ts';
import type { Feed } from './tenant.ts';

type Say = (path: string, message: string) => void;
type Loose = Readonly<Record<string, unknown>>;

const NAME = /^[a-z][a-z0-9_-]{0,99}$/;
/** The parts of each kind of check on files. */
const CHECKS = [['minRows'], ['unique'], ['nullsIn', 'maxShare'], ['newestOf', 'maxAgeHours']];

/** Tells what the rules of a feed cannot mean; their shape is told before. */
export function checkQuality({ quality, table }: Partial<Feed>, place: string, say: Say): void {
  if (!Array.isArray(quality)) return;
  const met = new Set<unknown>();
  for (const [index, rule] of (quality as readonly unknown[]).entries()) {
    if (typeof rule === 'object' && rule !== null)
      checkRule(rule as Loose, `${place}.quality.${index}`, table, met, say);
  }
}

function checkRule(rule: Loose, place: string, table: Table | undefined, met: Set<unknown>, say: Say): void {
  const { name, severity, column, record, row, file } = rule;
  if (typeof name === 'string') {
    if (!NAME.test(name)) {
      say(
        `${place}.name`,
        `${show(name)} is not lower case letters, digits, - and _, beginning with a letter, at most 100`,
      );
    }
    if (met.has(name)) say(`${place}.name`, `${show(name)} is the name of another rule of the feed`);
    met.add(name);
  }
  const kinds = ['record', 'row', 'file'].filter((kind) => rule[kind] !== undefined);
  if (kinds.length !== 1) {
    const has = kinds.length === 0 ? 'nothing to judge by' : `${kinds.join(' and ')} together`;
    say(place, `the rule has ${has}; it takes one of record (the fields), row (what the transform made) or file`);
  }
  for (const [kind, code] of Object.entries({ record, row })) {
    if (Object.prototype.toString.call(code).startsWith('[object Async')) {
      say(`${place}.${kind}`, 'is async; a rule does not wait: it answers true or false');
    }
  }
  if (row !== undefined && column !== undefined) checkColumn(column, `${place}.column`, table, say);
  if (typeof file !== 'object' || file === null) return;
  if (severity === 'reject') {
    say(`${place}.severity`, 'a rule on the file cannot reject one record; it takes warn or refuse');
  }
  if (column !== undefined) say(`${place}.column`, 'a rule on the file names its columns inside of file');
  checkFile(file as Loose, `${place}.file`, table, say);
}

function checkFile(file: Loose, place: string, table: Table | undefined, say: Say): void {
  const parts = Object.keys(file).toSorted().join();
  const wanted = CHECKS.map((check) => `{ ${check.join(', ')} }`).join(', ');
  if (!CHECKS.some((check) => check.toSorted().join() === parts)) say(place, `takes exactly one of ${wanted}`);
  const { unique, nullsIn, newestOf } = file;
  if (Array.isArray(unique)) {
    for (const [index, name] of unique.entries()) checkColumn(name, `${place}.unique.${index}`, table, say);
  }
  if (nullsIn !== undefined && checkColumn(nullsIn, `${place}.nullsIn`, table, say)) {
    if (primaryKey(table as Table).includes(String(nullsIn)))
      say(`${place}.nullsIn`, `the column ${show(nullsIn)} is part of the key: it is never null`);
  }
  if (newestOf !== undefined && checkColumn(newestOf, `${place}.newestOf`, table, say)) {
    const type = table?.columns[String(newestOf)];
    if (type !== 'timestamp' && type !== 'date') {
      say(
        `${place}.newestOf`,
        `the column ${show(newestOf)} is ${typeof type === 'object' ? typeText(type) : type}; expected is a timestamp or a date`,
      );
    }
  }
}

/** False when it has something to tell, or nothing to tell it by. */
function checkColumn(name: unknown, place: string, table: Table | undefined, say: Say): boolean {
  if (typeof name !== 'string' || typeof table?.columns !== 'object' || table.columns === null) return false;
  if (!Array.isArray(table.partitionKey) || !Array.isArray(table.clusteringKey)) return false;
  if (Object.hasOwn(table.columns, name)) return true;
  const columns = Object.keys(table.columns);
  say(place, `no column is named ${show(name)}${didYouMean(name, columns) || `; the table has ${columns.join(', ')}`}`);
  return false;
}
