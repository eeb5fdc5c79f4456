import { deploy } from '../local/deploy.ts';
import { loadSettings } from '../local/settings.ts';
import { type Result, table, type Ui } from './ui.ts';

export const runDeploy = async (ui: Ui): Promise<Result> => {
  const deployment = await deploy(loadSettings(), ui.progress);
  const outputs = Object.entries(deployment.outputs).flatMap(([stack, values]) =>
    Object.entries(values).map(([name, value]) => [stack, name, value]),
  );
  return {
    data: deployment,
    lines: [`deployed in ${deployment.seconds} s`, ...(outputs.length === 0 ? [] : ['', ...table(outputs)])],
  };
};
