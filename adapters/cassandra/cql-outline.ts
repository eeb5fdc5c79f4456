/** A statement as far as its text tells: enough to hold it against what Keyspaces takes, and to know what its parameters are. */
export interface Outline {
  /** Words and signs in their order; words outside of quotes in upper case. */
  readonly tokens: readonly string[];
  /** `INSERT`, `CREATE TABLE`, `BEGIN BATCH`, … */
  readonly verb: string;
  /** Keyspace and table that are written; null for other statements. */
  readonly table: { readonly keyspace: string; readonly name: string } | null;
  /** Names of the columns that an INSERT or UPDATE writes; those of an UPDATE's key among them. */
  readonly columns: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly conditional: boolean;
  readonly timestamp: boolean;
  readonly ttl: boolean;
}

/** What a `?` stands for. */
export type Parameter = { readonly column: string } | 'timestamp' | 'in' | 'other';

const TOKEN = /--.*|\/\/.*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|[^\s]/g;
const isComment = (token: string) => /^(--|\/\/|\/\*)/.test(token);
const isWord = (token: string) => /^[A-Za-z_]\w*$/.test(token);

/** Verbs of two words: the second says what kind of thing it is about. */
const TWO_WORDS = new Set(['CREATE', 'ALTER', 'DROP', 'BEGIN', 'LIST']);
/** Words between the two that do not matter. */
const FILLERS = new Set(['OR', 'REPLACE', 'CUSTOM', 'UNLOGGED', 'LOGGED']);

export function outline(cql: string): Outline {
  const raw = (cql.match(TOKEN) ?? []).filter((token) => !isComment(token));
  const tokens = raw.map((token) => (isWord(token) ? token.toUpperCase() : token));
  const first = tokens[0] ?? '';
  const second = TWO_WORDS.has(first) ? tokens.slice(1).find((token) => !FILLERS.has(token)) : undefined;
  const verb = second === undefined ? first : `${first} ${second}`;
  const has = (word: string) => tokens.includes(word);
  const columns = verb === 'INSERT' ? inserted(raw, tokens) : verb === 'UPDATE' ? assigned(raw, tokens) : [];
  return {
    tokens,
    verb,
    table:
      verb === 'INSERT' || verb === 'UPDATE' ? tableOf(raw, tokens.indexOf(verb === 'INSERT' ? 'INTO' : verb)) : null,
    columns,
    parameters: parametersOf(raw, tokens, verb === 'INSERT' ? columns : null),
    conditional: has('IF') && ['INSERT', 'UPDATE', 'DELETE', 'BEGIN BATCH'].includes(verb),
    timestamp: tokens.some((token, index) => token === 'TIMESTAMP' && /^(USING|AND)$/.test(tokens[index - 1] ?? '')),
    ttl: tokens.some((token, index) => token === 'TTL' && /^(USING|AND)$/.test(tokens[index - 1] ?? '')),
  };
}

/** A name as the database knows it: quotes keep its case. */
const nameOf = (token: string): string =>
  token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token.toLowerCase();

function tableOf(raw: readonly string[], before: number): { keyspace: string; name: string } {
  const [one = '', dot, two = ''] = raw.slice(before + 1, before + 4);
  return dot === '.' ? { keyspace: nameOf(one), name: nameOf(two) } : { keyspace: '', name: nameOf(one) };
}

/** The list in parentheses before VALUES. */
function inserted(raw: readonly string[], tokens: readonly string[]): string[] {
  const list = raw.slice(tokens.indexOf('(') + 1, tokens.indexOf(')'));
  return list.filter((token) => token !== ',').map(nameOf);
}

/** Whatever stands before a `=` up to the condition. */
function assigned(raw: readonly string[], tokens: readonly string[]): string[] {
  const end = tokens.indexOf('IF') === -1 ? tokens.length : tokens.indexOf('IF');
  return raw.slice(0, end).flatMap((_, index) => (tokens[index + 1] === '=' ? [nameOf(raw[index] as string)] : []));
}

function parametersOf(
  raw: readonly string[],
  tokens: readonly string[],
  values: readonly string[] | null,
): Parameter[] {
  const condition = tokens.indexOf('IF');
  const valuesEnd = values ? tokens.indexOf(')', tokens.indexOf('VALUES')) : -1;
  let value = 0;
  return tokens.flatMap((token, index): Parameter[] => {
    if (token !== '?') return [];
    const [before, sign] = [tokens[index - 2] ?? '', tokens[index - 1] ?? ''];
    if (sign === 'TIMESTAMP') return ['timestamp'];
    if (sign === 'IN') return ['in'];
    const column = values?.[value];
    if (column !== undefined && index < valuesEnd) {
      value++;
      return [{ column }];
    }
    const written = sign === '=' && /^["\w]/.test(before) && (condition === -1 || index < condition);
    return [written ? { column: nameOf(raw[index - 2] as string) } : 'other'];
  });
}
