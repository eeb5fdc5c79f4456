import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { App, type Stack } from 'aws-cdk-lib/core';
import { afterAll } from 'vitest';
import type { Tenant } from '../../core/model/tenant.ts';
import { sources } from '../../infra/sources.ts';
import { addStacks } from '../../infra/stacks.ts';
import { tenants } from '../../tenants/index.ts';

/** The context of each target, as an operator would give it. */
export const contexts = {
  local: { target: 'local' },
  cassandra: {
    target: 'cassandra',
    cassandraContactPoints: 'db1.example.org,db2.example.org',
    cassandraDatacenter: 'dc1',
    cassandraAdminSecret: 'cassandra/admin',
    subnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
    securityGroupIds: 'sg-0123456789abcdef0',
  },
  keyspaces: { target: 'keyspaces' },
} as const;

export type Kind = keyof typeof contexts;
export const kinds = Object.keys(contexts) as Kind[];

export interface Options {
  readonly tenants?: readonly Tenant[];
  readonly context?: Readonly<Record<string, unknown>>;
  /** Bundling the functions takes seconds: only for a test that looks into the bundles. */
  readonly bundled?: boolean;
  /** CDK's own check of the templates, which takes seconds as well. */
  readonly validated?: boolean;
}

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is whatever CloudFormation takes
  readonly Properties?: any;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Makes the app's stacks as `cdk synth` does, feature flags included. */
export function makeApp(kind: Kind, options: Options = {}) {
  const { context } = JSON.parse(readFileSync(join(sources.root, 'cdk.json'), 'utf8')) as { context: object };
  const outdir = mkdtempSync(join(tmpdir(), 'sluice-synth-'));
  folders.push(outdir);
  const app = new App({
    outdir,
    context: {
      ...context,
      ...contexts[kind],
      ...options.context,
      ...(!options.bundled && { 'aws:cdk:bundling-stacks': [] }),
      ...(!options.validated && { '@aws-cdk/core:validateAgainstDefaultRules': false }),
    },
  });
  return { app, ...addStacks(app, options.tenants ?? tenants, sources) };
}

export const resourcesOf = (stack: Stack): Record<string, Resource> => Template.fromStack(stack).toJSON().Resources;

export const ofType = (resources: Record<string, Resource>, type: string): Resource[] =>
  Object.values(resources).filter(({ Type }) => Type === type);
