import type { StreamRun } from '../core/model/run.ts';
import type { RunQuality } from '../core/model/run-quality.ts';
import { brokenText, driftText } from './quality.ts';
import { percent, printable, table } from './ui.ts';

/** What a run's quality adds to the facts about it. */
export const qualityFacts = ({ checked, source, drift, rules }: RunQuality): [string, string][] => [
  ...(checked
    ? [
        [
          'judged before',
          `${checked.counts.read} read, ${checked.counts.loaded} good, ${checked.counts.dropped} dropped, ${checked.counts.rejected} bad`,
        ] as [string, string],
      ]
    : []),
  ['columns', source ? source.names.map(printable).join(', ') : '-'],
  ['drift', driftText(drift)],
  ['broken rules', brokenText(rules)],
];

/** Each feed has rules of its own. */
export const brokenByMessages = ({ feeds }: StreamRun): [string, string] => {
  const all = Object.entries(feeds).flatMap(([feed, { rules = {} }]) =>
    Object.entries(rules).map(([name, count]) => [`${feed} ${name}`, count] as const),
  );
  return ['broken rules', brokenText(Object.fromEntries(all))];
};

/** The statistics of columns, broken rules on the file, and the values that were rejected most. */
export function qualityLines({ findings, rows, columns, topRejected }: RunQuality): string[] {
  const found = findings.map(({ rule, severity, message }) => `${severity}  ${rule}: ${message}`);
  const statistics = Object.entries(columns).map(([name, { nulls, distinct, min = '-', max = '-' }]) => [
    name,
    nulls === 0 ? '0' : `${nulls} (${percent(nulls, rows)})`,
    `${distinct < 100 ? '' : '~'}${distinct}`,
    printable(String(min)),
    printable(String(max)),
  ]);
  const rejected = topRejected.map(({ column, value, count }) => [printable(column), printable(value), String(count)]);
  return [
    ...(found.length === 0 ? [] : ['', ...found]),
    ...(rows === 0
      ? []
      : ['', ...table([[`column of ${rows} rows`, 'absent', 'distinct', 'min', 'max'], ...statistics])]),
    ...(rejected.length === 0 ? [] : ['', ...table([['rejected for', 'value', 'times'], ...rejected])]),
  ];
}
