import { describe, expect, it } from 'vitest';
import { CliError, tell } from '../../cli/errors.ts';
import { exitCodes, exitFor } from '../../cli/exit-codes.ts';
import { bytes, duration, table } from '../../cli/ui.ts';
import { FatalError, TransientError } from '../../core/model/errors.ts';
import { Problem } from '../../local/problem.ts';

describe('an error', () => {
  it('is told with its code, what, details, where and the next step', () => {
    const help = { details: ['line 418, column "amount"'], where: 'orders.csv', next: 'sluice rejects run_7f3' };
    expect(tell(new Problem('SLU-2004', '3 rows rejected', help)).lines).toEqual([
      'SLU-2004  3 rows rejected',
      '  line 418, column "amount"',
      '  Where: orders.csv',
      '  Next: sluice rejects run_7f3',
    ]);
  });

  it('has the code’s own remedy as the next step when it names none', () => {
    const told = tell(new FatalError('SLU-1004', 'the stack is down'));
    expect(told.lines.at(-1)).toBe('  Next: start it with `sluice up`');
    expect(told.document.error).toEqual({
      code: 'SLU-1004',
      message: 'the stack is down',
      details: [],
      next: 'start it with `sluice up`',
    });
  });

  it('that nobody foresaw is told with its stack and without a code', () => {
    const told = tell(new TypeError('x is not a function'));
    expect(told.exit).toBe('failed');
    expect(told.document.error).toMatchObject({ code: null, message: 'x is not a function' });
    expect(told.lines.join('\n')).toContain('ui.test.ts');
  });

  it('may be anything that was thrown', () => {
    expect(tell('no').document.error.message).toBe('no');
    expect(tell(new TransientError('SLU-5001', 'no answer')).document.error.code).toBe('SLU-5001');
  });
});

describe('the exit code', () => {
  it.each([
    ['SLU-1001', 'environment'],
    ['SLU-1006', 'failed'],
    ['SLU-2004', 'failed'],
    ['SLU-4001', 'failed'],
    ['SLU-4002', 'notFound'],
    ['SLU-4003', 'usage'],
    ['SLU-4004', 'environment'],
    ['SLU-5001', 'failed'],
  ] as const)('of %s is “%s”', (code, exit) => {
    expect(exitFor(code)).toBe(exit);
  });

  it('can be chosen by the command', () => {
    expect(tell(new CliError('SLU-4003', 'no', { exit: 'notAllowed' })).exit).toBe('notAllowed');
  });

  it('is a different number for each meaning', () => {
    const numbers = Object.values(exitCodes).map(([number]) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

describe('text', () => {
  it('lines up in columns without blanks at the end', () => {
    expect(
      table([
        ['a', 'bb', ''],
        ['ccc', 'd', 'e'],
      ]),
    ).toEqual(['a    bb', 'ccc  d   e']);
    expect(table([])).toEqual([]);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [67_400_000, '67 MB'],
    [1.5e9, '1.5 GB'],
  ])('shows %d bytes as %s', (count, text) => {
    expect(bytes(count)).toBe(text);
  });

  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [61, '1 min 1 s'],
    [3720, '1 h 2 min'],
  ])('shows %d seconds as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});
