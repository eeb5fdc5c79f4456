import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { oneTest, unittestCounts, vitestCounts } from './counts.ts';

const finished = (code: number | null, output = '') => ({ code, output });

function counted(code: number | null, report: object | null) {
  const file = join(tmpdir(), `sluice-counts-${process.pid}.json`);
  onTestFinished(() => rmSync(file, { force: true }));
  if (report) writeFileSync(file, JSON.stringify(report));
  return vitestCounts(finished(code), file);
}

const report = (passed: number, failed = 0, files: readonly object[] = [], pending = 0) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: pending,
  numTodoTests: 0,
  testResults: files,
});

test('a tool that answers yes or no is one test, and no when it is killed', () => {
  expect(oneTest(finished(0))).toEqual({ passed: 1, failed: 0 });
  expect(oneTest(finished(2))).toMatchObject({ passed: 0, failed: 1 });
  expect(oneTest(finished(null))).toMatchObject({ passed: 0, failed: 1, note: 'killed' });
});

describe('the counts of vitest', () => {
  test('are those of its report', () => {
    expect(counted(0, report(7))).toEqual({ passed: 7, failed: 0 });
    const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] };
    expect(counted(1, report(7, 2, [failing]))).toEqual({ passed: 7, failed: 2 });
  });

  test('count a file that could not be run', () => {
    const broken = { status: 'failed', assertionResults: [] };
    expect(counted(1, report(7, 0, [broken, broken]))).toMatchObject({ passed: 7, failed: 2 });
  });

  test('count a failure outside of all tests', () => {
    expect(counted(1, report(7))).toMatchObject({ passed: 7, failed: 1 });
  });

  test('count a skipped test as failed', () => {
    expect(counted(0, report(7, 0, [], 2))).toMatchObject({ passed: 7, failed: 2, note: '2 skipped' });
  });

  test('are one failure when there is no report', () => {
    expect(counted(null, null)).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe('the counts of unittest', () => {
  test.each([
    [0, 'Ran 12 tests in 3.4s\n\nOK\n', 12, 0],
    [0, 'Ran 1 test in 0.1s\n\nOK\n', 1, 0],
    [1, 'Ran 12 tests in 3.4s\n\nFAILED (failures=1, errors=2)\n', 9, 3],
    [0, 'Ran 12 tests in 3.4s\n\nOK (skipped=2)\n', 10, 2],
    [0, 'Ran 12 tests in 3.4s\n\nOK (expected failures=1)\n', 12, 0],
    [1, 'Ran 12 tests in 3.4s\n\nFAILED (unexpected successes=1)\n', 11, 1],
    [5, 'Ran 0 tests in 0.0s\n\nNO TESTS RAN\n', 0, 1],
    [1, 'ModuleNotFoundError: No module named sluice_executor\n', 0, 1],
    [null, 'Ran 12 tests in 3.4s\n', 12, 1],
  ])('with exit code %s and %j are %i and %i', (code, output, passed, failed) => {
    expect(unittestCounts(finished(code, output))).toMatchObject({ passed, failed });
  });
});
