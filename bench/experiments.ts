import type { Chart } from './charts.ts';
import type { Experiment } from './experiment.ts';
import { backpressure } from './experiments/backpressure.ts';
import { coldStart } from './experiments/cold-start.ts';
import { files } from './experiments/files.ts';
import { history } from './experiments/history.ts';
import { memory } from './experiments/memory.ts';
import { messages } from './experiments/messages.ts';
import { neighbours } from './experiments/neighbours.ts';
import { stack } from './experiments/stack.ts';
import type { Bench, Circumstances, ExperimentName, Results } from './results.ts';
import type { Target } from './targets.ts';

/** In the order in which they are made: the last one leaves no database behind. */
const experiments = { files, coldStart, messages, memory, backpressure, neighbours, history, stack } as const;

export const experimentNames = Object.keys(experiments) as ExperimentName[];

/** Makes an experiment; its circumstances are asked for when it is over. */
export async function measure(
  name: ExperimentName,
  bench: Bench,
  circumstances: () => Promise<Circumstances>,
): Promise<Results> {
  const data = await experiments[name].measure(bench);
  return { [name]: { ...(await circumstances()), data } };
}

export interface Shown {
  readonly title: string;
  readonly circumstances: Circumstances;
  readonly targets: readonly Target[];
  readonly parts: readonly (string | Chart)[];
}

/** What there is to show of the experiments that have been made. */
export const shown = (results: Results): Shown[] =>
  experimentNames.flatMap((name) => showOne(experiments[name] as Experiment<typeof name>, results));

function showOne<Name extends ExperimentName>(
  { name, title, targets, show }: Experiment<Name>,
  results: Results,
): Shown[] {
  const found = results[name];
  if (!found) return [];
  const { data, ...circumstances } = found;
  return [{ title, circumstances, targets: targets(data), parts: show(data) }];
}
