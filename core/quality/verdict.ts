import type { Code } from '../model/codes.ts';
import { isFileRule, type RuleCounts } from '../model/quality.ts';
import type { Counts } from '../model/row.ts';
import type { RunQuality } from '../model/run-quality.ts';
import type { Feed } from '../model/tenant.ts';

/** Why nothing of a file is loaded. */
interface Verdict {
  readonly code: Code;
  readonly message: string;
}

/** True when bad records, or a broken rule, may cost a file of the feed: then all of it is judged before its first row is loaded. */
export const needsCheck = ({ errors = 'continue', quality = [] }: Feed): boolean =>
  errors !== 'continue' || quality.some(({ severity }) => severity === 'refuse');

/** What can be said before the end of a file, because more records do not change it. */
export function certainly(
  { errors = 'continue', quality = [] }: Feed,
  counts: Counts,
  rules: RuleCounts,
): Verdict | null {
  for (const rule of quality) {
    const broken = rules[rule.name] ?? 0;
    if (isFileRule(rule) || rule.severity !== 'refuse' || broken === 0) continue;
    const records = broken === 1 ? '1 record breaks' : `${broken} records break`;
    return { code: 'SLU-3027', message: `${records} the rule "${rule.name}": ${rule.description}` };
  }
  if (errors === 'continue') return null;
  const most = errors === 'skip-file' ? 0 : (errors.threshold.count ?? Number.POSITIVE_INFINITY);
  return counts.rejected > most ? tooMany(counts, most === 0 ? 'none' : `${most}`) : null;
}

/** What is said at the end of a file; null when it is to be loaded. */
export function verdictOf(feed: Feed, counts: Counts, { rules, findings }: RunQuality): Verdict | null {
  const finding = findings.find(({ severity }) => severity === 'refuse');
  if (finding) return { code: 'SLU-3027', message: `the rule "${finding.rule}" is broken: ${finding.message}` };
  const sooner = certainly(feed, counts, rules);
  if (sooner) return sooner;
  const share = typeof feed.errors === 'object' ? feed.errors.threshold.share : undefined;
  if (share === undefined || counts.rejected <= share * counts.read) return null;
  return tooMany(counts, `${Number((share * 100).toFixed(4))} %`);
}

function tooMany({ read, rejected }: Counts, allowed: string): Verdict {
  const share = Number(((rejected / read) * 100).toFixed(2));
  return {
    code: 'SLU-3026',
    message: `${rejected} of ${read} records are bad (${share} %), and the feed allows ${allowed}: nothing is loaded`,
  };
}
