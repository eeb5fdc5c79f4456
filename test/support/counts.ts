import { existsSync, readFileSync } from 'node:fs';
import type { Finished, Result } from './steps.ts';

/** A tool that has one answer, yes or no, counts as one test. */
export const oneTest = ({ code }: Finished): Result =>
  code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, note: exit(code) };

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * Counts vitest's report. A file that could not even be read fails once; so does a run that ends badly with no failed test in it
 * (an error outside of every test). A skipped test is a failure: what cannot run has not passed.
 */
export function vitestCounts({ code }: Finished, reportFile: string): Result {
  if (!existsSync(reportFile)) return { passed: 0, failed: 1, note: `vitest made no report; ${exit(code)}` };
  const report: VitestReport = JSON.parse(readFileSync(reportFile, 'utf8'));
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  ).length;
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + brokenFiles + skipped;
  const notes = [
    brokenFiles > 0 && `${brokenFiles} files could not be run`,
    skipped > 0 && `${skipped} skipped`,
    code !== 0 && failed === 0 && exit(code),
  ].filter((note) => note !== false);
  return {
    passed: report.numPassedTests,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    ...(notes.length > 0 && { note: notes.join(', ') }),
  };
}

/** Counts the summary of Python's unittest: `Ran 12 tests in 3.4s`, then `OK` or `FAILED (failures=1, errors=2)`. */
export function unittestCounts({ code, output }: Finished): Result {
  const ran = /^Ran (\d+) tests? in /m.exec(output)?.[1];
  if (ran === undefined) return { passed: 0, failed: 1, note: `unittest made no summary; ${exit(code)}` };
  const summary = /^(?:OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$/m.exec(output)?.[1] ?? '';
  const count = (name: string) => Number(new RegExp(`(?:^|, )${name}=(\\d+)`).exec(summary)?.[1] ?? 0);
  // `unexpected successes` of a test that is marked to fail, and skipped ones, have not passed.
  const failed = count('failures') + count('errors') + count('skipped') + count('unexpected successes');
  if (code !== 0 && failed === 0) return { passed: Number(ran), failed: 1, note: exit(code) };
  return { passed: Math.max(0, Number(ran) - failed), failed };
}

const exit = (code: number | null): string => (code === null ? 'killed' : `exit code ${code}`);
