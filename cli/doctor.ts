import type { Result, Ui } from './ui.ts';

export const runDoctor = async (_ui: Ui): Promise<Result> => ({ data: [], lines: [] });
