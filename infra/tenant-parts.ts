import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { tenantFunctions } from '../core/model/bundle.ts';
import type { namesOf } from '../core/model/names.ts';
import type { FunctionProps } from './function.ts';
import type { Target } from './target.ts';

/** What the parts of a tenant’s stack share. */
export interface TenantParts {
  readonly tenantId: string;
  readonly names: ReturnType<typeof namesOf>;
  readonly target: Target;
  readonly key: Key;
  readonly staging: Bucket;
  readonly rejects: Bucket;
  readonly function: Pick<FunctionProps, 'target' | 'sources'>;
  readonly functions: ReturnType<typeof tenantFunctions>;
  /** Who the tenant is and where its database is. */
  readonly environment: Readonly<Record<string, string>>;
  /** Access to its database. */
  readonly allow: readonly PolicyStatement[];
}
