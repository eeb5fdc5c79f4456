/**
 * How a command talks. Its result goes to standard output, once, as lines or as one JSON document; everything else,
 * such as progress and notes, goes to standard error. So a pipe, a terminal and CI read the same data.
 */
export interface Ui {
  readonly json: boolean;
  /** Someone is watching: not a pipe, not CI. Only then may a line be overwritten or coloured. */
  readonly interactive: boolean;
  /** A line of progress or a remark, for people. */
  readonly note: (line: string) => void;
  /** A line of progress that the next one may replace on a terminal. */
  readonly progress: (subject: string, message: string) => void;
  /** Data that comes before the command ends, such as a log that is followed. Never together with --json. */
  readonly line: (line: string) => void;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * From now on the first Ctrl-C only aborts the signal, and the command ends by itself with its result; the second ends it at once. Until what is given back is
   * called: then the first does again.
   */
  readonly endInOrder: () => () => void;
}

/** What a command gives back: the document for programs, the lines for people. */
export interface Result {
  readonly data: unknown;
  readonly lines: readonly string[];
  /** Left out when all is well. */
  readonly exit?: 'ok' | 'failed' | 'notFound' | 'environment' | 'rejects' | 'interrupted';
}

interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export const createUi = (
  json: boolean,
  signal: AbortSignal,
  endInOrder: Ui['endInOrder'] = () => () => undefined,
  { stdout, stderr }: Streams = process,
): Ui => {
  const interactive = stderr.isTTY === true && !process.env.CI;
  return {
    json,
    interactive,
    signal,
    endInOrder,
    note: (line) => void stderr.write(`${line}\n`),
    progress: (subject, message) => void stderr.write(`${subject.padEnd(10)}  ${message}\n`),
    line: (line) => void stdout.write(`${line}\n`),
  };
};

/** Writes all of it before resolving: a pipe takes 64 KB at a time, and an exit in between would cut the rest off. */
export const writeAll = (stream: NodeJS.WriteStream, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    if (text === '') return resolve();
    stream.write(text, (error) => {
      // The reader has seen enough, as `head` does.
      if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') reject(error);
      else resolve();
    });
  });

/** Columns that line up, two blanks apart. */
export const table = (rows: readonly (readonly string[])[]): string[] => {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};

export const bytes = (count: number): string => {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
};

/** Enough digits that one of a million still shows. */
export const percent = (part: number, whole: number): string =>
  part === 0 || whole === 0 ? '0 %' : `${Number(((part / whole) * 100).toPrecision(3))} %`;

export const duration = (seconds: number): string => {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/**
 * A text without what a terminal would obey or hide: control characters, and those that turn the writing or have no width. A record is whatever
 * its sender wrote.
 */
export const printable = (text: string): string =>
  text.toWellFormed().replaceAll(UNSEEN, (character) => {
    const code = character.codePointAt(0) as number;
    // Unicode has a picture of each of the first 32.
    return code < 32 ? String.fromCodePoint(0x2400 + code) : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });

/** But for the joiner, which holds emoji together. */
const UNSEEN = /(?!\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** As much of a record as a person needs to know it again: its first line, cut. */
export const excerpt = (raw: string): string => {
  const line = raw.split(/\r?\n/)[0] ?? '';
  return printable(line.length > 160 ? `${line.slice(0, 160)}…` : line);
};
