import { readLog } from '../local/logs.ts';
import { loadSettings } from '../local/settings.ts';
import { CliError } from './errors.ts';
import type { Result, Ui } from './ui.ts';

export interface LogsOptions {
  readonly part?: string | boolean | undefined;
  readonly lines?: string | boolean | undefined;
  readonly follow?: string | boolean | undefined;
}

export const runLogs = async (options: LogsOptions, ui: Ui): Promise<Result> => {
  const count = Number(options.lines ?? 100);
  if (!Number.isInteger(count) || count < 0) {
    throw new CliError('SLU-4003', `--lines takes a whole number, not "${options.lines}"`);
  }
  if (options.follow === true && ui.json) {
    throw new CliError('SLU-4003', '--follow never ends, and --json prints one whole document', {
      next: 'leave out one of the two',
    });
  }
  const part = String(options.part ?? 'localstack');
  const log = await readLog(loadSettings(), part, count);
  if (options.follow === true) {
    log.lines.forEach(ui.line);
    await log.follow(ui.line, ui.signal);
    return { data: null, lines: [] };
  }
  return { data: { part, source: log.source, lines: log.lines }, lines: log.lines };
};
