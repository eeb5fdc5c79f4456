import { loadSettings } from '../local/settings.ts';
import { up } from '../local/stack.ts';
import { statusLines } from './status.ts';
import type { Result, Ui } from './ui.ts';

export interface UpOptions {
  /** true for `--docker`, false for `--no-docker`, absent to let the machine decide. */
  readonly docker?: boolean | string | undefined;
}

export const runUp = async (options: UpOptions, ui: Ui): Promise<Result> => {
  const settings = loadSettings();
  const wanted = options.docker === undefined ? settings.docker : options.docker ? 'on' : 'off';
  const status = await up(settings, wanted, ui.progress);
  return {
    data: status,
    lines: [...statusLines(status), '', 'Next: sluice deploy'],
    exit: status.running ? 'ok' : 'environment',
  };
};
