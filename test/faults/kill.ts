import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

/** `npm run faults:kill`: kills the deployed functions twenty times each, while they load real files and messages, on the local stack. */
const root = resolve(import.meta.dirname, '../..');
const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'stack'];
const env = { ...process.env, SLUICE_FAULTS: 'kill' };
process.exitCode = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
