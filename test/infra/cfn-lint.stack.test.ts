import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadSettings, pathsOf } from '../../local/settings.ts';
import { run } from '../support/user.ts';
import { kinds, makeApp } from './synth.ts';

/** cfn-lint comes with the Python environment of the local stack, so this test stands with those that need the stack. */
const cfnLint = join(pathsOf(loadSettings()).venv, 'bin', 'cfn-lint');

interface Finding {
  readonly Filename: string;
  readonly Level: string;
  readonly Message: string;
  readonly Rule: { readonly Id: string };
}

/** What CDK itself writes, and no change of ours could mend: each function names its role a second time as a dependency. */
const ofCdk = ({ Rule }: Finding): boolean => Rule.Id === 'W3005';

it('cfn-lint finds nothing in the templates of any target', async () => {
  const templates = kinds.flatMap((kind) => {
    const { directory } = makeApp(kind).app.synth();
    const files = readdirSync(directory).filter((file) => file.endsWith('.template.json'));
    return files.map((file) => join(directory, file));
  });
  expect(templates.length).toBeGreaterThan(6);
  const { stdout, stderr } = await run(cfnLint, ['--format', 'json', ...templates]);
  expect(stderr).toBe('');
  const findings = JSON.parse(stdout) as Finding[];
  expect(findings.filter((finding) => !ofCdk(finding))).toEqual([]);
  expect(findings.some(ofCdk), 'the exception above is still needed').toBe(true);
});
