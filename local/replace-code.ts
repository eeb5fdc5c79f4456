import { join } from 'node:path';
import { LambdaClient, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { type BuildOptions, build } from 'esbuild';
import { zipSync } from 'fflate';
import { bundle, type DeployedFunction } from '../core/model/bundle.ts';
import { clientOptions } from './deploy.ts';
import type { Settings } from './settings.ts';

/** The folders whose files end up in functions. */
export const functionSources = ['functions', 'core', 'adapters', 'tenants'] as const;

/**
 * Bundles functions as CDK does and puts the code into those that are deployed; an invocation that runs ends with the old
 * code. Throws what esbuild or LocalStack say; then no function is changed, or those that came before. `versions` tells those of the
 * tenants' profiles; `tenantFile` is bundled in place of the tenant's own.
 */
export async function replaceCode(
  settings: Settings,
  functions: readonly DeployedFunction[],
  versions: Readonly<Record<string, string>>,
  tenantFile?: string,
): Promise<void> {
  const archives = await Promise.all(functions.map((each) => archiveOf(settings.root, each, versions, tenantFile)));
  const client = new LambdaClient(clientOptions(settings));
  try {
    for (const [index, { name }] of functions.entries()) {
      const ZipFile = archives[index] as Uint8Array;
      await client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile }));
    }
  } finally {
    client.destroy();
  }
}

async function archiveOf(
  root: string,
  deployed: DeployedFunction,
  versions: Readonly<Record<string, string>>,
  tenantFile?: string,
): Promise<Uint8Array> {
  const options = bundling(root, deployed, versions, tenantFile);
  const { outputFiles } = await build({ ...options, outfile: 'index.mjs', write: false });
  const names = outputFiles.map(({ path, contents }) => [
    path.endsWith('.map') ? 'index.mjs.map' : 'index.mjs',
    contents,
  ]);
  return zipSync(Object.fromEntries(names));
}

/** What esbuild has to do to give the bundle that CDK deploys. */
export function bundling(
  root: string,
  { entry, tenantId }: DeployedFunction,
  versions: Readonly<Record<string, string>>,
  tenantFile?: string,
) {
  const held = tenantId === undefined ? versions : { [tenantId]: versions[tenantId] };
  return {
    entryPoints: [join(root, 'functions', entry)],
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    mainFields: [...bundle.mainFields],
    minifySyntax: bundle.minifySyntax,
    banner: { js: bundle.banner },
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'silent',
    define: { [bundle.versions]: JSON.stringify(held) },
    alias: tenantId ? { [bundle.tenantModule]: tenantFile ?? join(root, 'tenants', tenantId, 'tenant.ts') } : {},
  } satisfies BuildOptions;
}
