import { diagnose } from '../local/doctor.ts';
import { loadSettings } from '../local/settings.ts';
import { type Result, table, type Ui } from './ui.ts';

export const runDoctor = async (_ui: Ui): Promise<Result> => {
  const diagnosis = await diagnose(loadSettings());
  const rows = diagnosis.checks.map(({ name, state, found }) => [name, state, found]);
  const remedies = diagnosis.checks.flatMap(({ name, remedy }) => (remedy === null ? [] : [`  ${name}: ${remedy}`]));
  const way = diagnosis.way === 'docker' ? 'in containers' : 'as processes';
  return {
    data: diagnosis,
    lines: [
      ...table(rows),
      '',
      ...(remedies.length === 0 ? [] : ['To mend:', ...remedies, '']),
      diagnosis.ok
        ? `Ready: sluice up would run the stack ${way}.`
        : 'Next: mend what is lacking, then sluice doctor again',
    ],
    exit: diagnosis.ok ? 'ok' : 'environment',
  };
};
