import type { Command } from 'commander';
import type { Result, Ui } from './ui.ts';

export type Options = Record<string, string | boolean | undefined>;
export type Run = (options: Options, ui: Ui, ...args: string[]) => Promise<Result>;
/** Turns a command's function into a commander action. */
export type Act = (run: Run) => (this: Command, ...given: unknown[]) => Promise<void>;
