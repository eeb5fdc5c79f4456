import { deploy } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';
import { down, up } from '../../local/stack.ts';
import { stackStatus } from '../../local/status.ts';

/** Brings the local stack up for the tests with today's code deployed, and down again when it was not up before. */
export default async function setup(): Promise<() => Promise<void>> {
  const settings = loadSettings();
  const { running } = await stackStatus(settings);
  const say = (part: string, message: string) => console.log(`${part}: ${message}`);
  if (!running) await up(settings, 'auto', say);
  await deploy(settings, say);
  return async () => {
    if (!running) await down(settings, false, say);
  };
}
