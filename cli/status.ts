import { loadSettings } from '../local/settings.ts';
import { type StackStatus, stackStatus } from '../local/status.ts';
import { bytes, duration, type Result, table, type Ui } from './ui.ts';

export const runStatus = async (_ui: Ui): Promise<Result> => {
  const status = await stackStatus(loadSettings());
  return { data: status, lines: statusLines(status) };
};

export const statusLines = (status: StackStatus): string[] => {
  const rows = status.parts.map((part) => [
    part.part,
    part.state,
    part.address,
    part.pid === null ? (part.container ?? '-') : `pid ${part.pid}`,
    part.uptimeSeconds === null ? '-' : `up ${duration(part.uptimeSeconds)}`,
  ]);
  const details = status.parts.flatMap((part) => [
    [`${part.part} log`, part.log],
    [
      `${part.part} state`,
      `${part.statePath} (${bytes(part.stateBytes)}, ${part.persists ? 'persists' : 'does not persist: gone after a restart'})`,
    ],
    ...(part.reason === null ? [] : [[`${part.part} reason`, part.reason]]),
  ]);
  const way = { docker: 'in containers', process: 'as processes' };
  return [
    ...table(rows),
    '',
    ...table(details),
    ...(status.way === null ? [] : ['', `The stack runs ${way[status.way]}.`]),
    ...(status.running ? [] : ['', 'Next: sluice up']),
  ];
};
