import { namesOf, platformNames } from './names.ts';

/** How functions are bundled: alike by CDK, which deploys them, and by `sluice dev`, which replaces their code. */
export const bundle = {
  /** What a handler imports to get its tenant; the bundle puts the tenant's own file in its place. */
  tenantModule: 'sluice-tenant',
  /** What a handler looks up the version of its tenants' profiles in: an object by the tenant's id. */
  versions: 'SLUICE_PROFILE_VERSIONS',
  mainFields: ['module', 'main'],
  /** A tenth smaller, and as well to be read: names and lines stay. */
  minifySyntax: true,
  // CommonJS packages inside an ES module still call require.
  banner: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
} as const;

/** A deployed function: its name, its file in `functions/`, and the tenant that its bundle holds, if it is a tenant's. */
export interface DeployedFunction {
  readonly name: string;
  readonly entry: string;
  readonly tenantId?: string;
}

export const applySchema: DeployedFunction = { name: platformNames.applySchema, entry: 'apply-schema.ts' };
export const platformFunctions: readonly DeployedFunction[] = [applySchema];

export const tenantFunctions = (tenantId: string) => {
  const { ingestObject, ingestStream, tick } = namesOf(tenantId);
  return {
    ingestObject: { name: ingestObject, entry: 'ingest-object.ts', tenantId },
    ingestStream: { name: ingestStream, entry: 'ingest-stream.ts', tenantId },
    tick: { name: tick, entry: 'tick.ts', tenantId },
  } as const satisfies Record<string, DeployedFunction>;
};

export const functionsOf = (tenantId: string): readonly DeployedFunction[] => Object.values(tenantFunctions(tenantId));
