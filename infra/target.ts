import * as z from 'zod';
import { FatalError } from '../core/model/errors.ts';
import { didYouMean, nearest } from '../core/model/nearest.ts';
import { show } from '../core/model/show.ts';
import { readAuthority } from './certificate-authority.ts';

/** Where functions run when Cassandra is only reached from inside a VPC. */
export interface Network {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

/** Figures that differ from those of core/model/large-files.ts. */
type LargeFiles = Partial<Record<'fromBytes' | 'partBytes' | 'sliceSeconds', number>>;

interface OnAws {
  readonly network?: Network;
  /** SNS topic that alarms notify. */
  readonly alarmTopic?: string;
  readonly largeFiles?: LargeFiles;
}

interface Cluster {
  readonly contactPoints: readonly string[];
  readonly port: number;
  readonly datacenter: string;
  /** Refuses what Keyspaces would: whoever means to move there finds out early. */
  readonly keyspacesGuard: boolean;
}

/** LocalStack and a Cassandra of the same machine, with fixed development credentials. */
export interface LocalTarget extends Cluster {
  readonly kind: 'local';
  readonly largeFiles?: LargeFiles;
}

/** AWS, and a Cassandra that somebody runs: always over TLS, with the server's certificate and name verified. */
export interface CassandraTarget extends Cluster, OnAws {
  readonly kind: 'cassandra';
  /** Name or ARN of a secret `{"username", "password"}` of a role that may do DDL and manage roles. */
  readonly adminSecret: string;
  /** KMS key of that secret when it is not the account's default one. */
  readonly adminSecretKey?: string;
  /** Certificate authority as PEM text, for a server that is not signed by a public one. */
  readonly certificateAuthority?: string;
}

/** AWS, and Amazon Keyspaces of the stacks' own region. */
export interface KeyspacesTarget extends OnAws {
  readonly kind: 'keyspaces';
}

export type Target = LocalTarget | CassandraTarget | KeyspacesTarget;

const text = (what: string) => z.string({ error: what }).trim().min(1, what);
const list = (what: string) =>
  text(what)
    .transform((value) => value.split(',').map((item) => item.trim()))
    .refine((items) => items.every((item) => /^\S+$/.test(item)), what);
const ids = (what: string, shape: RegExp) =>
  list(what).refine((items) => items.every((item) => shape.test(item)), what);

const portText = 'a port from 1 to 65535';
const port = z
  .union([z.number(), z.string().trim().regex(/^\d+$/).transform(Number)], { error: portText })
  .refine((value) => Number.isInteger(value) && value >= 1 && value <= 65_535, portText)
  .default(9042);

const guard = z
  .enum(['0', '1'], { error: '0 or 1' })
  .default('0')
  .transform((value) => value === '1');

const adminSecretText = 'name or ARN of the secret of a role that may do DDL';

const countText = 'a whole number from 1 on';
const count = z
  .union([z.number(), z.string().trim().regex(/^\d+$/).transform(Number)], { error: countText })
  .refine((value) => Number.isSafeInteger(value) && value >= 1, countText)
  .optional();

const figures = { largeFilesFromBytes: count, partBytes: count, sliceSeconds: count };

const onAws = {
  ...figures,
  subnetIds: ids('subnets such as subnet-0abc, separated by commas', /^subnet-[0-9a-f]{8,17}$/).optional(),
  securityGroupIds: ids('security groups such as sg-0abc, separated by commas', /^sg-[0-9a-f]{8,17}$/).optional(),
  alarmTopic: text('the ARN of an SNS topic')
    .regex(/^arn:[\w-]+:sns:/, 'the ARN of an SNS topic')
    .optional(),
};

const schemas = {
  local: z.object({
    keyspacesGuard: guard,
    cassandraContactPoint: text('a host name or address').default('127.0.0.1'),
    cassandraPort: port,
    ...figures,
  }),
  cassandra: z.object({
    keyspacesGuard: guard,
    cassandraContactPoints: list('host names or addresses, separated by commas'),
    cassandraPort: port,
    cassandraDatacenter: text('the data centre next to the functions, as Cassandra names it'),
    cassandraAdminSecret: text(adminSecretText).regex(
      /^(?!arn:)|-\w{6}$/,
      `${adminSecretText}, the ARN with its last six characters`,
    ),
    cassandraAdminSecretKey: text('the ARN of a KMS key')
      .regex(/^arn:[\w-]+:kms:/, 'the ARN of a KMS key')
      .optional(),
    cassandraCaFile: text('a file').transform(readAuthority).optional(),
    ...onAws,
  }),
  keyspaces: z.object(onAws),
};

type Kind = keyof typeof schemas;
const kinds = Object.keys(schemas) as Kind[];
const settings = ['target', ...new Set(Object.values(schemas).flatMap((schema) => Object.keys(schema.shape)))];

/**
 * Reads the target out of the CDK context (`cdk.json`, or `-c name=value`). Settings of another target are left alone, so
 * that `cdk.json` can hold those for AWS while a laptop deploys locally. Throws one error that names every mistake.
 */
export function parseTarget(context: Readonly<Record<string, unknown>>): Target {
  const mistakes = misspelt(context);
  const kind = context.target ?? 'keyspaces';
  if (!isKind(kind)) {
    throw invalid([
      ...mistakes,
      `target: ${show(kind)} is none of ${kinds.join(', ')}${didYouMean(String(kind), kinds)}`,
    ]);
  }
  const target = targetOf(kind, (schema) => {
    const parsed = schema.safeParse(context);
    if (parsed.success) return parsed.data;
    mistakes.push(...parsed.error.issues.map(({ path, message }) => expected(String(path[0]), context, message)));
    return undefined;
  });
  if (kind !== 'local') mistakes.push(...halfNetwork(context));
  if (!target || mistakes.length > 0) throw invalid(mistakes);
  return target;
}

type Read = <S extends z.ZodType>(schema: S) => z.infer<S> | undefined;

function targetOf(kind: Kind, read: Read): Target | undefined {
  if (kind === 'local') {
    const given = read(schemas.local);
    return (
      given && {
        kind,
        contactPoints: [given.cassandraContactPoint],
        port: given.cassandraPort,
        datacenter: 'datacenter1',
        keyspacesGuard: given.keyspacesGuard,
        ...largeFilesOf(given),
      }
    );
  }
  if (kind === 'keyspaces') {
    const given = read(schemas.keyspaces);
    return given && { kind, ...awsOf(given) };
  }
  const given = read(schemas.cassandra);
  return (
    given && {
      kind,
      contactPoints: given.cassandraContactPoints,
      port: given.cassandraPort,
      datacenter: given.cassandraDatacenter,
      keyspacesGuard: given.keyspacesGuard,
      adminSecret: given.cassandraAdminSecret,
      ...(given.cassandraAdminSecretKey && { adminSecretKey: given.cassandraAdminSecretKey }),
      ...(given.cassandraCaFile && { certificateAuthority: given.cassandraCaFile }),
      ...awsOf(given),
    }
  );
}

function awsOf(given: z.infer<typeof schemas.keyspaces>): OnAws {
  const { subnetIds, securityGroupIds, alarmTopic } = given;
  const network = subnetIds && securityGroupIds && { subnetIds, securityGroupIds };
  return { ...(network && { network }), ...(alarmTopic && { alarmTopic }), ...largeFilesOf(given) };
}

function largeFilesOf(given: { [name in keyof typeof figures]?: number | undefined }): { largeFiles?: LargeFiles } {
  const { largeFilesFromBytes: fromBytes, partBytes, sliceSeconds } = given;
  const largeFiles = {
    ...(fromBytes && { fromBytes }),
    ...(partBytes && { partBytes }),
    ...(sliceSeconds && { sliceSeconds }),
  };
  return Object.keys(largeFiles).length > 0 ? { largeFiles } : {};
}

/** The two settings of a network come together or not at all. */
function halfNetwork({ subnetIds, securityGroupIds }: Readonly<Record<string, unknown>>): string[] {
  if ((subnetIds === undefined) === (securityGroupIds === undefined)) return [];
  const [missing, given] = subnetIds ? ['securityGroupIds', 'subnetIds'] : ['subnetIds', 'securityGroupIds'];
  return [`${missing}: missing; it comes together with ${given}`];
}

/** Names that are nearly one of ours: CDK itself takes any name without a word. */
const misspelt = (context: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(context)
    .filter((name) => !settings.includes(name) && /^\w+$/.test(name))
    .filter((name) => name.startsWith('cassandra') || nearest(name, settings))
    .map((name) => `${name}: no such setting${didYouMean(name, settings)}`);

const isKind = (value: unknown): value is Kind => kinds.includes(value as Kind);

const expected = (name: string, context: Readonly<Record<string, unknown>>, message: string): string =>
  context[name] === undefined
    ? `${name}: missing; expected ${message}: -c ${name}=…`
    : `${name}: ${show(context[name])} is not ${message}`;

const invalid = (mistakes: readonly string[]): FatalError =>
  new FatalError('SLU-4004', ['the context of the CDK app is wrong', ...mistakes].join('\n  '));
