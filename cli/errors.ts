import type { Code } from '../core/model/codes.ts';
import { FatalError, remedy, TransientError } from '../core/model/errors.ts';
import { Problem, type ProblemHelp } from '../local/problem.ts';
import { type Exit, exitFor } from './exit-codes.ts';

/** An error of a command. Throw it from anywhere below `run…`: it is printed in the model wording, never as a stack. */
export class CliError extends Problem {
  readonly exit: Exit;

  constructor(code: Code, message: string, help: ProblemHelp & { readonly exit?: Exit } = {}) {
    super(code, message, help);
    this.exit = help.exit ?? exitFor(code);
  }
}

/** What `--json` prints in place of the command's own document. */
export interface ErrorDocument {
  readonly error: {
    readonly code: Code | null;
    readonly message: string;
    readonly where?: string;
    readonly details: readonly string[];
    readonly next: string;
  };
}

export interface ToldError {
  readonly exit: Exit;
  readonly document: ErrorDocument;
  readonly lines: readonly string[];
}

/** Turns whatever was thrown into what a person reads, what a program reads, and the exit. */
export const tell = (thrown: unknown): ToldError => {
  const error = known(thrown);
  if (error === undefined) return unexpected(thrown);
  const details = error instanceof Problem ? error.details : [];
  const where = error instanceof Problem ? error.where : undefined;
  const next = (error instanceof Problem ? error.next : undefined) ?? remedy(error.code);
  return {
    exit: error instanceof CliError ? error.exit : exitFor(error.code),
    document: {
      error: { code: error.code, message: error.message, ...(where === undefined ? {} : { where }), details, next },
    },
    lines: [
      `${error.code}  ${error.message}`,
      ...details.map((detail) => `  ${detail}`),
      ...(where === undefined ? [] : [`  Where: ${where}`]),
      `  Next: ${next}`,
    ],
  };
};

const known = (thrown: unknown): FatalError | TransientError | undefined => {
  if (thrown instanceof FatalError || thrown instanceof TransientError) return thrown;
  const ofAws = thrown instanceof Error && '$metadata' in thrown;
  return ofAws ? new CliError('SLU-5002', `${thrown.name}: ${thrown.message}`, { next: AWS_NEXT }) : undefined;
};

/** A person may lack rights that a function has. */
const AWS_NEXT = 'check rights and region, or try again: docs/aws.md, docs/local.md';

/** A mistake of ours: the stack is what helps, and it has no code because nobody foresaw it. */
const unexpected = (thrown: unknown): ToldError => {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const stack = (error.stack ?? '').split('\n').slice(1);
  const next = 'report it with these lines: it is a mistake in sluice';
  const details = stack.map((line) => line.trim());
  return {
    exit: 'failed',
    document: { error: { code: null, message: error.message, details, next } },
    lines: [`Unexpected: ${error.message}`, ...stack, `  Next: ${next}`],
  };
};
