/** Longest name that Cassandra and Keyspaces take. */
const LONGEST = 48;

/** A name as the database takes it, near to the one that is given: `Flight Date` and `flightDate` become `flight_date`. */
export function databaseName(name: string, otherwise: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  const named = /^\d/.test(plain) ? `${otherwise}_${plain}` : plain;
  return named.slice(0, LONGEST).replace(/_+$/, '') || otherwise;
}

/** A name of its own for each of these, in their order. */
export function databaseNames(names: readonly string[]): string[] {
  // Every object has something of this name, which is why no column may be called so.
  const taken = new Set(['constructor']);
  return names.map((name) => {
    const wanted = databaseName(name, 'column');
    let own = wanted;
    for (let number = 2; taken.has(own); number++) {
      const suffix = `_${number}`;
      own = wanted.slice(0, LONGEST - suffix.length) + suffix;
    }
    taken.add(own);
    return own;
  });
}
