import { describe, expect, it, onTestFinished } from 'vitest';
import { diagnose } from '../../local/doctor.ts';
import { listen, type Sandbox, sandbox } from './sandbox.ts';

const machine = async (programs: Record<string, string>): Promise<Sandbox> => {
  const box = await sandbox();
  for (const [name, says] of Object.entries(programs)) box.program(name, `echo '${says}'`);
  // Only what the test put there: nothing of the machine that the test runs on.
  box.env.PATH = `${box.bin}`;
  return box;
};

const complete = {
  'python3.11': 'Python 3.11.2',
  java: 'openjdk version "17.0.15" 2025-04-15',
  mvn: 'Apache Maven 3.9.9 (abc)',
};

const check = async (box: Sandbox, name: string) => {
  const { checks } = await diagnose(box.settings());
  const found = checks.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no check ${name} among ${checks.map((each) => each.name).join()}`);
  return found;
};

describe('the doctor', () => {
  it('is content with Python, Java and Maven where there is no Docker', async () => {
    const diagnosis = await diagnose((await machine(complete)).settings());
    expect(diagnosis.checks.filter(({ state }) => state === 'lacking')).toEqual([]);
    expect(diagnosis).toMatchObject({ ok: true, way: 'process' });
  });

  it('finds a Python that is called otherwise', async () => {
    const box = await machine({ ...complete, 'python3.11': '', python3: 'Python 3.12.1' });
    expect(await check(box, 'python')).toMatchObject({ state: 'ok', found: '3.12.1 (python3)' });
  });

  it.each([
    ['python', { 'python3.11': '', python3: 'Python 3.9.1' }, 'this is 3.9.1'],
    ['python', { 'python3.11': '' }, 'Python 3.11 or newer is needed'],
    ['java', { java: 'openjdk version "21.0.1" 2023-10-17' }, 'this is 21.0.1'],
    ['java', { java: '' }, 'Java 17 or 11 is needed'],
    ['maven', { mvn: '' }, 'Maven is needed'],
  ])('tells that %s is lacking and how to mend it', async (name, programs, found) => {
    const box = await machine({ ...complete, ...programs });
    expect(await check(box, name)).toMatchObject({
      state: 'lacking',
      found: expect.stringContaining(found),
      remedy: expect.stringContaining('install'),
    });
    expect((await diagnose(box.settings())).ok).toBe(false);
  });

  it.each(['11.0.20', '17.0.15'])('takes Java %s', async (version) => {
    const box = await machine({ ...complete, java: `openjdk version "${version}" 2025-04-15` });
    expect(await check(box, 'java')).toMatchObject({ state: 'ok' });
  });

  it('names who holds a port, and the setting that chooses another', async () => {
    const box = await machine(complete);
    const port = Number(box.env.SLUICE_LOCALSTACK_PORT);
    const server = await listen(port);
    onTestFinished(() => void server.close());
    expect(await check(box, `port ${port}`)).toMatchObject({
      state: 'lacking',
      remedy: expect.stringContaining('SLUICE_LOCALSTACK_PORT='),
    });
  });

  it('misses nothing but Docker when containers are wanted', async () => {
    const box = await machine({ docker: 'answers' });
    box.env.SLUICE_DOCKER = 'auto';
    const diagnosis = await diagnose(box.settings());
    expect(diagnosis).toMatchObject({ ok: true, way: 'docker' });
    expect(diagnosis.checks.find(({ name }) => name === 'java')?.state).toBe('warning');
  });

  it('wants Docker when the setting does', async () => {
    const box = await machine(complete);
    box.env.SLUICE_DOCKER = 'on';
    expect(await check(box, 'docker')).toMatchObject({ state: 'lacking' });
  });
});
