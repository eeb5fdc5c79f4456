import { type Code, codes } from '../model/codes.ts';
import type { Rejection } from '../model/row.ts';

/** Rejections for one reason: the same code, by the same quality rule if it is one's, at the same column. */
export interface Reason {
  readonly code: Code;
  readonly rule: string | null;
  readonly column: string | null;
  readonly title: string;
  readonly count: number;
  /** The first of them, as many as were to be kept, in the order in which they came. */
  readonly rejections: readonly Rejection[];
}

/** Gathers rejections by their reason, keeping the first `most` of each; memory grows with the reasons, not with the rejections. */
export function reasons(most = Number.POSITIVE_INFINITY) {
  const found = new Map<string, { count: number; kept: Rejection[] }>();
  return {
    add(rejections: Iterable<Rejection>): void {
      for (const rejection of rejections) {
        const { code, rules, column } = rejection;
        const key = JSON.stringify([code, rules?.[0], column]);
        const reason = found.get(key) ?? { count: 0, kept: [] };
        found.set(key, reason);
        reason.count++;
        if (reason.kept.length < most) reason.kept.push(rejection);
      }
    },
    /** The most frequent first. */
    all: (): Reason[] =>
      [...found.values()]
        .map(({ count, kept }) => {
          const { code, rules, column = null } = kept[0] as Rejection;
          return { code, rule: rules?.[0] ?? null, column, title: codes[code][0], count, rejections: kept };
        })
        .toSorted((a, b) => b.count - a.count),
  };
}

/** `SLU-2004  3 × a value does not fit its column, column "date"`. */
export function reasonText({ code, rule, column, title, count }: Reason): string {
  const named = [rule === null ? '' : `, rule "${rule}"`, column === null ? '' : `, column "${column}"`];
  return `${code}  ${count} × ${title}${named.join('')}`;
}
