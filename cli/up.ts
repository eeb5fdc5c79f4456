import { deploy, isDeployed, readOutputs } from '../local/deploy.ts';
import { loadSettings } from '../local/settings.ts';
import { up } from '../local/stack.ts';
import { statusLines } from './status.ts';
import type { Result, Ui } from './ui.ts';

export interface UpOptions {
  /** true for `--docker`, false for `--no-docker`, absent to let the machine decide. */
  readonly docker?: boolean | string | undefined;
}

/** Starts the stack; what had been deployed and went with LocalStack is deployed again, with new secrets for the roles. */
export const runUp = async (options: UpOptions, ui: Ui): Promise<Result> => {
  const settings = loadSettings();
  const wanted = options.docker === undefined ? settings.docker : options.docker ? 'on' : 'off';
  const status = await up(settings, wanted, ui.progress);
  let deployed = status.running && (await isDeployed(settings));
  if (status.running && !deployed && readOutputs(settings) !== undefined) {
    ui.progress('cdk', 'LocalStack has forgotten the deployment, which is made again');
    await deploy(settings, ui.progress);
    deployed = true;
  }
  return {
    data: status,
    lines: [...statusLines(status), '', `Next: ${deployed ? 'sluice report' : 'sluice deploy'}`],
    exit: status.running ? 'ok' : 'environment',
  };
};
