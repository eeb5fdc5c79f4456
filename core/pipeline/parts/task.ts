import type { FileDelivery } from '../../model/run.ts';
import type { Queue, StoredObject } from '../../ports.ts';
import type { Admitted } from '../admit.ts';
import type { LoadWorld } from '../load-file.ts';

/** How large files are worked on. */
export interface LargeFiles {
  /** Bytes from which on a file is worked on by a plan; smaller ones are loaded by one attempt in one go. */
  readonly from: number;
  /** Bytes of a part, about; more where there would be too many. */
  readonly partBytes: number;
  /** Parts that are worked on at one time, each by a function. */
  readonly workers: number;
  /** When an attempt hands on what can be gone on with at once, so that others have their turn; and, at the latest, what costs reading all before it again. */
  readonly handOver: { readonly seeking: Date; readonly skipping: Date };
}

export interface PartsWorld extends LoadWorld {
  readonly queue: Queue;
  /** Names this attempt. */
  readonly owner: string;
  readonly profileVersion: string;
  readonly large: LargeFiles;
}

/** A large file in the hands of an attempt. */
export interface Task {
  readonly delivery: FileDelivery;
  readonly file: StoredObject;
  readonly admitted: Admitted;
  readonly world: PartsWorld;
}
