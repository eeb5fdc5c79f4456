import type { Chart } from './charts.ts';
import type { Bench, Data, ExperimentName } from './results.ts';
import type { Target } from './targets.ts';

/** One question that the benchmark answers: how it is measured, and how its answer is shown. */
export interface Experiment<Name extends ExperimentName> {
  readonly name: Name;
  readonly title: string;
  measure(bench: Bench): Promise<Data[Name]>;
  targets(data: Data[Name]): readonly Target[];
  /** Paragraphs and tables in Markdown, and plots, in the order in which they are read. */
  show(data: Data[Name]): readonly (string | Chart)[];
}
