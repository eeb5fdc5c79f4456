import { SaxesParser } from 'saxes';
import { decode } from '../formats/format.ts';
import type { XmlSettings } from '../model/formats.ts';
import type { Content, SettingsGuess } from './content.ts';
import { count } from './words.ts';

interface Element {
  readonly name: string;
  readonly attributes: ReadonlySet<string>;
  readonly children: Map<string, number>;
}

/** Tells which element of an XML document is the record, and which elements repeat inside of others. */
export async function guessXml(content: Content): Promise<SettingsGuess> {
  const kinds = new Map<string, { readonly depth: number; times: number }>();
  const repeated = new Map<string, Set<string>>();
  const asBoth = new Set<string>();
  const open: Element[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    const above = open.at(-1);
    const depth = open.length;
    const kind = kinds.get(name);
    if (depth > 0 && (!kind || kind.depth > depth)) kinds.set(name, { depth, times: 1 });
    else if (kind?.depth === depth) kind.times++;
    if (above) {
      const times = (above.children.get(name) ?? 0) + 1;
      above.children.set(name, times);
      if (times === 2) repeated.set(above.name, (repeated.get(above.name) ?? new Set()).add(name));
      if (above.attributes.has(name)) asBoth.add(name);
    }
    open.push({ name, attributes: new Set(Object.keys(attributes)), children: new Map() });
  });
  parser.on('closetag', () => void open.pop());
  try {
    for await (const part of decode(content())) if ('text' in part) parser.write(part.text);
  } catch {
    // What is wrong with it is for its reader to tell.
  }

  const top = [...kinds].filter(([, { depth }]) => depth === 1);
  const isPlain = top.length <= 1 && (top[0]?.[1].times ?? 0) > 1;
  const most = (entries: typeof top) => entries.toSorted((a, b) => b[1].times - a[1].times)[0];
  // Of what repeats, what lies furthest out: what is inside of a record repeats too.
  const depths = [...kinds].filter(([, { times }]) => times > 1).map(([, { depth }]) => depth);
  const outermost = Math.min(...depths);
  const [record, about] =
    (isPlain ? undefined : most([...kinds].filter(([, { depth, times }]) => depth === outermost && times > 1))) ?? [];
  const lists = [...repeated]
    .filter(([above]) => isInside(above, record, kinds, isPlain))
    .flatMap(([, names]) => [...names]);
  const settings: XmlSettings = {
    format: 'xml',
    ...(record !== undefined && { record }),
    ...(asBoth.size > 0 && { attributes: '@' }),
    ...(lists.length > 0 && { lists: [...new Set(lists)] }),
  };
  const notes = [
    ...(record === undefined
      ? [`each child of the root is a record`]
      : [`the record is <${record}>, which is there ${count(about?.times ?? 0)} times`]),
    ...(lists.length > 0
      ? [`${lists.map((name) => `<${name}>`).join(', ')} may be there twice in an element: lists`]
      : []),
    ...(asBoth.size > 0
      ? [`${[...asBoth].join(', ')} are attributes and elements: those of attributes begin with @`]
      : []),
  ];
  return { settings, notes };
}

/** Whether an element is the record, or lies deeper than it. */
function isInside(
  name: string,
  record: string | undefined,
  kinds: ReadonlyMap<string, { readonly depth: number }>,
  isPlain: boolean,
): boolean {
  const least = isPlain || record === undefined ? 1 : (kinds.get(record)?.depth ?? 1);
  return (kinds.get(name)?.depth ?? 0) >= least;
}
