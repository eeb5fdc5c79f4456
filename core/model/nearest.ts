import { distance } from 'fastest-levenshtein';

/** The one of the names that was probably meant; undefined when none is near. Case and blanks around it do not count. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const plain = name.trim().toLowerCase().slice(0, 100);
  const ranked = names
    .map((known) => ({ known, far: distance(plain, known.toLowerCase()) }))
    .toSorted((a, b) => a.far - b.far);
  const [best] = ranked;
  return best && best.far <= Math.max(1, Math.ceil(best.known.length / 3)) ? best.known : undefined;
}

/** `; did you mean <name>?`, or nothing. */
export function didYouMean(name: string, names: readonly string[], suffix = ''): string {
  const found = nearest(name, names);
  return found === undefined ? '' : `; did you mean ${found}${suffix}?`;
}
