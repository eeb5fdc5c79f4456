import { jsonText } from '../../model/json-text.ts';
import { ExactNumber, type FieldValues } from '../../model/row.ts';
import { UNREAD } from '../format.ts';
import type { Cursor } from './columns.ts';
import type { Node } from './schema.ts';
import { Broken } from './values.ts';

type Read = () => unknown;

/** Takes as many records, of those that are ready. */
type Take = (records: number) => FieldValues[];

/** Makes what passes records where the assembler would put them together: only what is nested is gone through, for its levels may contradict each other. */
export function passer(fields: readonly Node[], cursors: readonly Cursor[]): Take {
  const plain = fields.flatMap((field) => (field.kind === 'leaf' ? [cursors[field.leaf] as Cursor] : []));
  const nested = fields.flatMap((field) => (field.kind === 'leaf' ? [] : [readerOf(field, cursors)]));
  return (records) => {
    for (const cursor of plain) cursor.pass(records);
    if (nested.length > 0) for (let passed = 0; passed < records; passed++) for (const read of nested) read();
    return new Array(records).fill(UNREAD);
  };
}

/** Makes what puts records together from their columns (the record assembly of the Dremel paper, as Parquet has it). */
export function assembler(fields: readonly Node[], cursors: readonly Cursor[]): Take {
  const readers = fields.map((field) => [field.name, readerOf(field, cursors)] as const);
  const next = () => {
    const values: Record<string, unknown> = {};
    for (const [name, read] of readers) values[name] = read();
    return values;
  };
  return (records) => Array.from({ length: records }, next);
}

function readerOf(node: Node, cursors: readonly Cursor[]): Read {
  const below = leavesOf(node).map((leaf) => cursors[leaf] as Cursor);
  const [first] = below as [Cursor];
  const { defined } = node;
  const absent = <T>(value: T): T => {
    for (const cursor of below) cursor.skip();
    return value;
  };
  switch (node.kind) {
    case 'leaf':
      return () => (first.defined() < defined ? absent(null) : first.take());
    case 'struct': {
      const readers = node.fields.map((field) => [field.name, readerOf(field, cursors)] as const);
      return () => {
        if (first.defined() < defined) return absent(null);
        const values: Record<string, unknown> = {};
        for (const [name, read] of readers) values[name] = read();
        return values;
      };
    }
    case 'list': {
      const item = readerOf(node.item, cursors);
      return () => {
        if (first.defined() < defined) return absent(null);
        // The repeated level is the one above: below it the list is there, and empty.
        if (first.defined() === defined) return absent([]);
        const items: unknown[] = [];
        do items.push(item());
        while (first.repeated() === node.repeated);
        return items;
      };
    }
    case 'map': {
      const [key, value] = [readerOf(node.key, cursors), readerOf(node.value, cursors)];
      return () => {
        if (first.defined() < defined) return absent(null);
        if (first.defined() === defined) return absent({});
        const entries = new Map<string, unknown>();
        let twice: string | undefined;
        let broken: Broken | undefined;
        do {
          const found = key();
          if (found instanceof Broken) broken = found;
          const name = keyText(found);
          if (entries.has(name)) twice = name;
          entries.set(name, value());
        } while (first.repeated() === node.repeated);
        if (broken) return broken;
        if (twice !== undefined) return new Broken('SLU-2011', `the map has the key ${JSON.stringify(twice)} twice`);
        return Object.fromEntries(entries);
      };
    }
  }
}

function keyText(key: unknown): string {
  if (key instanceof Uint8Array) return Buffer.from(key).toString('hex');
  // One of JSON may be an object, which need not have a text of its own.
  return typeof key === 'object' && !(key instanceof ExactNumber) ? jsonText(key) : String(key);
}

function leavesOf(node: Node): number[] {
  switch (node.kind) {
    case 'leaf':
      return [node.leaf];
    case 'struct':
      return node.fields.flatMap(leavesOf);
    case 'list':
      return leavesOf(node.item);
    case 'map':
      return [...leavesOf(node.key), ...leavesOf(node.value)];
  }
}
