#!/usr/bin/env node
// The one file in plain JavaScript: it has to run on whatever Node is there, to find the one that the checkout brings.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('./main.ts', import.meta.url);
const modules = new URL('../node_modules/', import.meta.url);
const environmentExit = 5;

if (!existsSync(new URL('commander/', modules))) {
  console.error('SLU-1001  the packages are not installed: node_modules is missing');
  console.error('  Next: npm ci');
  process.exit(environmentExit);
}

if (Number(process.versions.node.split('.')[0]) >= 24) {
  const { main: run } = await import(main.href);
  await run(process.argv.slice(2));
} else {
  const node = fileURLToPath(new URL('node/bin/node', modules));
  if (!existsSync(node)) {
    console.error(`SLU-1001  Node 24 is needed, this is ${process.versions.node}, and node_modules holds none`);
    console.error('  Next: npm ci');
    process.exit(environmentExit);
  }
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends an interrupt to both of us, and the command ends by it when it is ready; other signals come to us alone.
  process.on('SIGINT', () => undefined);
  for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
  // 128 + 2: ended by the interrupt.
  child.once('exit', (status, signal) => process.exit(signal === 'SIGINT' ? 130 : (status ?? 1)));
}
