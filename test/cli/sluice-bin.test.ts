import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { repositoryRoot, temporaryFolder } from '../local/sandbox.ts';

/** The file that npm puts on the path, in a checkout that has only what the test gives it. */
const checkout = (): string => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'cli'));
  copyFileSync(join(repositoryRoot, 'cli', 'sluice.js'), join(root, 'cli', 'sluice.js'));
  writeFileSync(join(root, 'package.json'), '{"type": "module"}');
  return root;
};

/** Runs it with this Node, which says of itself that it is an older one. */
const runOnNode20 = (root: string, args: string[]) => {
  const disguise = join(root, 'disguise.mjs');
  writeFileSync(
    disguise,
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.0' } });\n",
  );
  const hook = ['--import', pathToFileURL(disguise).href];
  return spawnSync(process.execPath, [...hook, join(root, 'cli', 'sluice.js'), ...args], { encoding: 'utf8' });
};

const withPackages = (root: string): void =>
  void mkdirSync(join(root, 'node_modules', 'commander'), { recursive: true });

describe('the sluice command', () => {
  it('says “npm ci” when the packages are not installed', () => {
    const root = checkout();
    const { status, stderr, stdout } = spawnSync(process.execPath, [join(root, 'cli', 'sluice.js')], {
      encoding: 'utf8',
    });
    expect(status).toBe(5);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^SLU-1001 .*node_modules is missing\n {2}Next: npm ci\n$/);
  });

  it('runs on the Node of the checkout when it was started by an older one', () => {
    const root = checkout();
    withPackages(root);
    writeFileSync(join(root, 'cli', 'main.ts'), '');
    const bin = join(root, 'node_modules', 'node', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'node'), '#!/bin/sh\necho "$@"\nexit 6\n', { mode: 0o755 });
    const { status, stdout } = runOnNode20(root, ['status', '--json', 'a b']);
    expect(status).toBe(6);
    expect(stdout).toBe(`${join(root, 'cli', 'main.ts')} status --json a b\n`);
  });

  it('says “npm ci” when there is no such Node', () => {
    const root = checkout();
    withPackages(root);
    const { status, stderr } = runOnNode20(root, ['status']);
    expect(status).toBe(5);
    expect(stderr).toContain('Node 24 is needed, this is 20.20.0');
  });

  it('is the command line itself on a Node that is new enough', () => {
    const file = join(repositoryRoot, 'cli', 'sluice.js');
    const { status, stdout } = spawnSync(process.execPath, [file, '--help'], { encoding: 'utf8' });
    expect([status, stdout.split('\n')[0]]).toEqual([0, 'Usage: sluice [options] [command]']);
  });
});
