import type { Code } from '../core/model/codes.ts';

/** What a command's exit code means, in the order in which `sluice --help` lists them. */
export const exitCodes = {
  ok: [0, 'done'],
  failed: [1, 'failed'],
  usage: [2, 'the command line is wrong'],
  notFound: [3, 'no such tenant, feed, run or part'],
  notAllowed: [4, 'not allowed'],
  environment: [5, 'the machine or the local stack lacks something'],
  rejects: [6, 'finished, and not every row or file was loaded'],
  interrupted: [130, 'interrupted'],
} as const satisfies Record<string, readonly [number: number, meaning: string]>;

export type Exit = keyof typeof exitCodes;

export const exitNumber = (exit: Exit): number => exitCodes[exit][0];

const byCode: Partial<Record<Code, Exit>> = {
  'SLU-1006': 'failed',
  'SLU-4001': 'failed',
  'SLU-4002': 'notFound',
  'SLU-4003': 'usage',
  'SLU-4006': 'usage',
};

/** The exit that goes with an error's code, unless a command knows better. A wrong setting is the environment's, and so is the way to AWS. */
export const exitFor = (code: Code): Exit => {
  const own = byCode[code];
  if (own !== undefined) return own;
  return code.startsWith('SLU-1') || code === 'SLU-4004' || code === 'SLU-4005' ? 'environment' : 'failed';
};
