import type { FieldValues } from '../../model/row.ts';
import type { Cursor } from './columns.ts';
import type { Node } from './schema.ts';
import { Broken } from './values.ts';

type Read = () => unknown;

/** Makes what puts the next record together from its columns (the record assembly of the Dremel paper, as Parquet has it). */
export function assembler(fields: readonly Node[], cursors: readonly Cursor[]): () => FieldValues {
  const readers = fields.map((field) => [field.name, readerOf(field, cursors)] as const);
  return () => {
    const values: Record<string, unknown> = {};
    for (const [name, read] of readers) values[name] = read();
    return values;
  };
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
        do {
          const name = keyText(key());
          if (entries.has(name)) twice = name;
          entries.set(name, value());
        } while (first.repeated() === node.repeated);
        if (twice !== undefined) return new Broken('SLU-2011', `the map has the key ${JSON.stringify(twice)} twice`);
        return Object.fromEntries(entries);
      };
    }
  }
}

const keyText = (key: unknown): string => (key instanceof Uint8Array ? Buffer.from(key).toString('hex') : String(key));

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
