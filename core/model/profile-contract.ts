import { typeText } from './column-types.ts';
import { didYouMean } from './nearest.ts';
import { show } from './show.ts';
import { primaryKey, type Table } from './table.ts';
import type { Feed } from './tenant.ts';

type Say = (path: string, message: string) => void;

/** Tells what the contract of a feed cannot mean; its shape is told before. */
export function checkContract({ contract, table }: Partial<Feed>, feed: string, say: Say): void {
  if (typeof contract !== 'object' || contract === null) return;
  const place = `${feed}.contract`;
  const { required, optional, unknown } = contract as Readonly<Record<string, unknown>>;
  const met = new Set<unknown>();
  for (const [part, names] of Object.entries({ required, optional })) {
    if (!Array.isArray(names)) continue;
    for (const [index, name] of names.entries()) {
      if (met.has(name)) say(`${place}.${part}.${index}`, `the column ${show(name)} is named twice`);
      met.add(name);
    }
  }
  if (met.size === 0) say(place, 'names no column; with it every column would be unknown');
  const rescue = (unknown as { rescue?: unknown } | undefined)?.rescue;
  if (typeof rescue === 'string') checkRescue(rescue, `${place}.unknown.rescue`, table, say);
}

function checkRescue(column: string, place: string, table: Table | undefined, say: Say): void {
  if (typeof table?.columns !== 'object' || table.columns === null) return;
  const columns = Object.keys(table.columns);
  const type = Object.hasOwn(table.columns, column) ? table.columns[column] : undefined;
  if (type === undefined) {
    const hint = didYouMean(column, columns) || `; the table has ${columns.join(', ')}`;
    say(place, `no column is named ${show(column)}${hint}`);
  } else if (typeText(type) !== 'text' && typeText(type) !== 'map<text, text>') {
    say(place, `the column ${show(column)} is ${typeText(type)}; expected is map<text, text> or text`);
  } else if (Array.isArray(table.partitionKey) && Array.isArray(table.clusteringKey)) {
    if (primaryKey(table).includes(column)) say(place, `the column ${show(column)} is part of the key`);
  }
}
