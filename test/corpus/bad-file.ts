import type { Code } from '../../core/model/codes.ts';
import type { RunState } from '../../core/model/run.ts';

/**
 * One file of the corpus with the outcome that it must have. A file is kept in this folder, or made by `content` where it is binary or too large to
 * keep. Its name begins with a folder, which is the feed that it is sent to (`tenant.ts`), and ends in the extension that it is sent under.
 */
export interface BadFile {
  readonly file: string;
  readonly content?: () => Uint8Array;
  /** Sent under this feed instead of the one that the folder stands for. */
  readonly feed?: string;
  readonly state: Extract<RunState, 'loaded' | 'partial' | 'refused'>;
  /** Why the whole file is refused. */
  readonly code?: Code;
  /** What was read of the loaded records, in order: the values alone (as a list), or with their names (as an object). A number only counts them. */
  readonly rows?: number | readonly (readonly unknown[] | Readonly<Record<string, unknown>>)[];
  /** Position, line and code of each rejected record. */
  readonly rejected?: readonly Rejected[];
  /** Why this outcome is the right one. */
  readonly because: string;
}

/** No line where the format has none. */
type Rejected = readonly [position: number, line: number | undefined, code: Code];
