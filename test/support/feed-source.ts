import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Proposal } from '../../core/infer/proposal.ts';
import { sourceOf } from '../../core/infer/source.ts';
import type { Feed } from '../../core/model/tenant.ts';
import { repositoryRoot } from '../local/sandbox.ts';

/** The feed as its proposed source defines it. */
export async function feedIn(proposal: Proposal): Promise<Feed> {
  const source = sourceOf(proposal, pathToFileURL(join(repositoryRoot, 'core', 'model')).href);
  const code = stripTypeScriptTypes(source);
  return (await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)).default;
}
