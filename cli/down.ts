import { loadSettings } from '../local/settings.ts';
import { down } from '../local/stack.ts';
import type { Result, Ui } from './ui.ts';

export interface DownOptions {
  readonly purge?: boolean | string | undefined;
}

export const runDown = async (options: DownOptions, ui: Ui): Promise<Result> => {
  const result = await down(loadSettings(), options.purge === true, ui.progress);
  const stopped = result.stopped.length === 0 ? 'nothing was running' : `stopped ${result.stopped.join(' and ')}`;
  return { data: result, lines: [stopped, ...result.purged.map((path) => `deleted ${path}`)] };
};
