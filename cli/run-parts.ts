import type { PlanSummary } from '../core/model/plan.ts';
import type { Progress } from '../core/report/parts.ts';
import { table } from './ui.ts';

/** What each phase of a large file is called. */
const phases = { check: 'counting and judging its records', tell: 'storing its rejections', load: 'loading' } as const;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** How a large file was worked on, in this phase or, at its end, in the last. */
export const planFact = ({ parts, handOvers, takeOvers }: PlanSummary): [string, string] => [
  'parts',
  `${parts}, handed on ${handOvers} times, taken over ${takeOvers} times after a function had died`,
];

/** How far a run with parts has come, for people. */
export const partFacts = ({ phase, share, rowsPerSecond, secondsLeft, parts }: Progress): [string, string][] => {
  const done = parts.filter(({ state }) => state === 'done').length;
  const left = secondsLeft === null ? '' : `, about ${Math.ceil(secondsLeft)} s left`;
  return [
    ['phase', `${phases[phase]}: ${done} of ${parts.length} parts done`],
    ['progress', `${percent(share)}, ${Math.round(rowsPerSecond).toLocaleString('en')} records/s${left}`],
  ];
};

export const partLines = ({ parts }: Progress): string[] => [
  '',
  ...table([
    ['part', 'state', 'read', 'loaded', 'dropped', 'rejected', 'handed on', 'taken over', 'reason'],
    ...parts.map(({ part, state, counts, handOvers, takeOvers, reason }) => [
      String(part),
      state,
      ...[counts.read, counts.loaded, counts.dropped, counts.rejected, handOvers, takeOvers].map(String),
      reason ?? '',
    ]),
  ]),
];
