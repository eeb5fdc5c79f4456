const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

export interface Plot {
  readonly title: string;
  readonly values: readonly number[];
  /** How a value stands at the axis. */
  readonly unit?: string;
}

/** A series as columns of blocks, with the greatest value at the axis. A column shows the greatest of the values that share it. */
export const plot = ({ title, values, unit = '' }: Plot, width: number, height: number): string[] => {
  const most = Math.max(0, ...values);
  const columns = Array.from({ length: Math.min(width, values.length) }, (_, at) => {
    const share = values.length / Math.min(width, values.length);
    return Math.max(
      ...values.slice(Math.floor(at * share), Math.max(Math.floor((at + 1) * share), Math.floor(at * share) + 1)),
    );
  });
  const label = (value: number) => `${value.toLocaleString('en-US')}${unit}`;
  const margin = Math.max(label(most).length, 1);
  const rows = Array.from({ length: height }, (_, row) => {
    const below = (height - 1 - row) * 8;
    // What is there shows, however little it is.
    const eighths = (value: number) => (value > 0 ? Math.max(1, Math.round((value / most) * height * 8)) : 0);
    const cells = columns.map((value) => EIGHTHS[Math.max(0, Math.min(8, eighths(value) - below))]).join('');
    const axis = row === 0 ? label(most) : row === height - 1 ? '0' : '';
    return `${axis.padStart(margin)} │${cells}`.trimEnd();
  });
  return [title, ...rows];
};
