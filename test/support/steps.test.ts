import { expect, test } from 'vitest';
import { oneTest } from './counts.ts';
import { type Command, type Result, runStep, type Step } from './steps.ts';

async function take(work: Step['work'], deadline = 10_000) {
  const printed: string[] = [];
  const result = await runStep({ name: 'a step', deadline, work }, process.cwd(), (text) => printed.push(text));
  return { result, printed: printed.join('\n') };
}

const node = (code: string): Command => ({ file: process.execPath, args: ['-e', code] });
const say = (text: string, code: number) => `console.log(${JSON.stringify(text)}); process.exitCode = ${code};`;

test('a step that passes says so in one line', async () => {
  const { result, printed } = await take(async (run) => oneTest(await run(node(say('fine', 0)))));
  expect(result).toEqual({ passed: 1, failed: 0 });
  expect(printed).toMatch(/^ok {6}a step: 1 passed, 0 failed, \d+\.\d s$/);
});

test('a step that fails shows all that it said, without colours', async () => {
  const { result, printed } = await take(async (run) => oneTest(await run(node(say('\u001b[31mbad\u001b[39m', 1)))));
  expect(result).toMatchObject({ passed: 0, failed: 1 });
  expect(printed).toContain('\nbad\n');
  expect(printed).toContain('FAILED  a step: 0 passed, 1 failed');
});

test.each<[string, () => Promise<Result>]>([
  ['throws', () => Promise.reject(new Error('broken'))],
  ['counts nothing', async () => ({ passed: 0, failed: 0 })],
])('a step that %s has failed', async (_, work) => {
  expect((await take(work)).result).toMatchObject({ passed: 0, failed: 1 });
});

test('a command that is not there is a failure', async () => {
  const { result } = await take(async (run) => oneTest(await run({ file: '/no/such/program', args: [] })));
  expect(result).toMatchObject({ passed: 0, failed: 1 });
});

test('a step beyond its deadline is killed with all that it started', async () => {
  const child =
    "require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })";
  const began = Date.now();
  const { result, printed } = await take(
    async (run) => oneTest(await run(node(`console.log(${child}.pid); setInterval(() => {}, 1000);`))),
    1000,
  );
  expect(result).toMatchObject({ passed: 0, failed: 1, note: 'killed' });
  expect(Date.now() - began).toBeLessThan(8000);
  expect(printed).toContain('killed: not done within 1 s');
  const pid = Number(/^\d+$/m.exec(printed)?.[0]);
  await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
