import type { SchemaElement } from 'hyparquet';
import { caps } from '../../model/caps.ts';
import type { ParquetSettings } from '../../model/formats.ts';
import { Unreadable } from '../format.ts';
import { type Convert, converterOf } from './values.ts';

/** A column as it lies in the file. */
export interface Leaf {
  readonly path: readonly string[];
  readonly element: SchemaElement;
  /** The definition level at which there is a value, and how many lists are around it. */
  readonly defined: number;
  readonly repeated: number;
  readonly convert: Convert;
  /** Its values are not wanted, only whether they can be read. */
  readonly unread?: boolean;
}

/** A field of a record, or of a struct in it. `defined` is the definition level from which on it is there, and not null. */
export type Node =
  | { readonly kind: 'leaf'; readonly name: string; readonly defined: number; readonly leaf: number }
  | { readonly kind: 'struct'; readonly name: string; readonly defined: number; readonly fields: readonly Node[] }
  | {
      readonly kind: 'list';
      readonly name: string;
      readonly defined: number;
      readonly repeated: number;
      readonly item: Node;
    }
  | {
      readonly kind: 'map';
      readonly name: string;
      readonly defined: number;
      readonly repeated: number;
      readonly key: Node;
      readonly value: Node;
    };

export interface Schema {
  readonly fields: readonly Node[];
  readonly leaves: readonly Leaf[];
}

/** An element with those below it. */
interface Tree {
  readonly element: SchemaElement;
  readonly children: readonly Tree[];
}

const unusable = (message: string) => new Unreadable('SLU-3009', `its Parquet schema is unusable: ${message}`);

/**
 * Makes of a flat list of elements what a record is made of, with lists and maps where the schema has them in any of the ways that
 * were ever in use (parquet-format, LogicalTypes.md, "Nested Types").
 */
export function schemaOf(elements: readonly SchemaElement[], settings: ParquetSettings): Schema {
  const leaves: Leaf[] = [];
  const root = treeOf(elements);
  if (root.children.length === 0) throw unusable('it has no columns');
  const fields = fieldsOf(root, [], 0, 0);
  return { fields, leaves };

  function fieldsOf({ children }: Tree, path: readonly string[], defined: number, repeated: number): Node[] {
    const names = new Set<string>();
    return children.map((child) => {
      const { name } = child.element;
      const place = [...path, name].join('.');
      if (!name) throw unusable(`a column of ${place || 'it'} has no name`);
      if (names.has(name)) throw unusable(`column "${place}" is there twice`);
      if (name === '__proto__') throw unusable(`a column cannot be named "${name}"`);
      names.add(name);
      return nodeOf(child, [...path, name], defined, repeated);
    });
  }

  /** A repeated field that is not marked as a list is one all the same. */
  function nodeOf(tree: Tree, path: readonly string[], defined: number, repeated: number): Node {
    const { name, repetition_type: repetition } = tree.element;
    if (repetition !== 'REPEATED')
      return presentOf(tree, path, defined + (repetition === 'OPTIONAL' ? 1 : 0), repeated);
    const item = presentOf(tree, path, defined + 1, repeated + 1);
    return { kind: 'list', name, defined, repeated: repeated + 1, item };
  }

  function presentOf(tree: Tree, path: readonly string[], defined: number, repeated: number): Node {
    const { element, children } = tree;
    const { name } = element;
    if (children.length === 0) {
      leaves.push({ path, element, defined, repeated, convert: converterOf(element, settings) });
      if (leaves.length > caps.columns) throw unusable(`more than ${caps.columns} columns, the platform’s cap`);
      return { kind: 'leaf', name, defined, leaf: leaves.length - 1 };
    }
    const [inner] = children;
    const kind = element.logical_type?.type ?? element.converted_type;
    if (inner && children.length === 1 && inner.element.repetition_type === 'REPEATED') {
      const below = [...path, inner.element.name];
      if (kind === 'LIST') {
        const [item] = inner.children;
        const isWrapped = inner.children.length === 1 && !isItemItself(inner.element.name, name) && item;
        const content = isWrapped
          ? nodeOf(item, [...below, item.element.name], defined + 1, repeated + 1)
          : presentOf(inner, below, defined + 1, repeated + 1);
        return { kind: 'list', name, defined, repeated: repeated + 1, item: content };
      }
      const [key, value] = inner.children;
      if ((kind === 'MAP' || kind === 'MAP_KEY_VALUE') && key && value && inner.children.length === 2) {
        if (key.children.length > 0)
          throw new Unreadable('SLU-3024', `the keys of the map "${path.join('.')}" are no plain values`);
        return {
          kind: 'map',
          name,
          defined,
          repeated: repeated + 1,
          key: nodeOf(key, [...below, key.element.name], defined + 1, repeated + 1),
          value: nodeOf(value, [...below, value.element.name], defined + 1, repeated + 1),
        };
      }
    }
    return { kind: 'struct', name, defined, fields: fieldsOf(tree, path, defined, repeated) };
  }
}

/** Old writers of two-level lists are known by these names. */
const isItemItself = (name: string, list: string): boolean => name === 'array' || name === `${list}_tuple`;

function treeOf(elements: readonly SchemaElement[]): Tree {
  let next = 0;
  const build = (depth: number): Tree => {
    if (depth > caps.nesting) throw unusable(`nested deeper than ${caps.nesting} levels`);
    const element = elements[next++];
    if (!element) throw unusable('it ends in its middle');
    const children: Tree[] = [];
    while (children.length < (element.num_children ?? 0)) children.push(build(depth + 1));
    if (depth > 0 && children.length === 0 && !element.type)
      throw unusable(`"${element.name}" has neither a type nor columns`);
    return { element, children };
  };
  const root = build(0);
  if (next < elements.length) throw unusable('it holds more than its columns');
  return root;
}
