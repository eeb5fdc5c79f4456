import type { Code } from '../core/model/codes.ts';
import { FatalError } from '../core/model/errors.ts';

export interface ProblemHelp {
  /** Lines shown indented below the first one. */
  readonly details?: readonly string[];
  /** The file, setting or part that it is about. */
  readonly where?: string;
  /** The one command or act that helps; without it the code's own remedy is told. */
  readonly next?: string;
  readonly cause?: unknown;
}

/** An expected failure, told to a person with what, where, why and what to do next. */
export class Problem extends FatalError {
  readonly details: readonly string[];
  readonly where: string | undefined;
  readonly next: string | undefined;

  constructor(code: Code, message: string, help: ProblemHelp = {}) {
    super(code, message, help.cause === undefined ? undefined : { cause: help.cause });
    this.details = help.details ?? [];
    this.where = help.where;
    this.next = help.next;
  }
}
