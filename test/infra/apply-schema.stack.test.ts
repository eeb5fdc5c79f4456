import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { platformNames } from '../../core/model/names.ts';
import { tenants } from '../../tenants/index.ts';
import { aws, withFolder } from '../support/user.ts';

/** Invokes the deployed function as CloudFormation does through CDK's provider. */
const invoke = (request: object): Promise<{ tenants: { tenant: string }[] }> =>
  withFolder(async (folder) => {
    const file = join(folder, 'answer.json');
    const name = ['--function-name', platformNames.applySchema];
    const said = await aws('lambda', 'invoke', ...name, '--payload', JSON.stringify(request), file);
    expect(JSON.parse(said).FunctionError).toBeUndefined();
    return JSON.parse(await readFile(file, 'utf8'));
  });

const tenantsOf = async (request: object) => (await invoke(request)).tenants.map(({ tenant }) => tenant);

describe('apply-schema', () => {
  it('takes care of all tenants when nobody says which', async () => {
    expect(await tenantsOf({})).toEqual(tenants.map(({ id }) => id));
  });

  it('takes care of one tenant while that one’s stack deploys', async () => {
    expect(await tenantsOf({ RequestType: 'Update', ResourceProperties: { tenant: 'wildlife' } })).toEqual([
      'wildlife',
    ]);
  });

  it('leaves the data alone when a tenant’s stack goes', async () => {
    expect(await tenantsOf({ RequestType: 'Delete', ResourceProperties: { tenant: 'wildlife' } })).toEqual([]);
  });
});
