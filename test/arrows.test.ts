import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Holds the direction of imports, in types too: CONTRIBUTING.md has the table, design.md the reasons. */

interface Import {
  readonly file: string;
  /** A path of ours from the root of the repository, or the name of a package or built-in. */
  readonly target: string;
}

const root = resolve(import.meta.dirname, '..');

/** What git knows and what it would take: a file counts before it is committed. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], { cwd: root })
  .toString()
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));

const sourceOf = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

const patterns = [
  /^(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
];

const importsOf = (file: string): Import[] =>
  patterns
    .flatMap((pattern) => [...(sourceOf.get(file) as string).matchAll(pattern)])
    .map(([, name]) => name as string)
    .map((name) => ({ file, target: name.startsWith('.') ? posix.join(dirname(file), name) : name }));

const imports = files.flatMap(importsOf);
const ours = imports.filter(({ target }) => sourceOf.has(target));
const packages = imports.filter(
  ({ target }) => !sourceOf.has(target) && !isBuiltin(target) && !target.endsWith('.json'),
);
const builtins = imports.filter(({ target }) => isBuiltin(target));

const show = ({ file, target }: Import) => `${file} imports ${target}`;
const within = (...folders: string[]) => ({
  holds: (path: string) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`)),
});

/** Imports of ours from files in a folder that go anywhere else than to the folders allowed. */
const strays = (from: string, ...allowed: string[]): string[] => {
  const scope = within(from);
  const permitted = within(...allowed);
  return ours.filter(({ file, target }) => scope.holds(file) && !permitted.holds(target)).map(show);
};

test('the files and their imports are found', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(ours.map(show)).toContain('core/pipeline/file.ts imports core/ports.ts');
  expect(builtins.map(show)).toContain('core/pipeline/new-run.ts imports node:crypto');
  expect(packages.map(show)).toContain('adapters/kinesis.ts imports @aws-sdk/client-kinesis');
});

test('every relative import leads to a file', () => {
  const lost = imports.filter(({ target }) => target.endsWith('.ts') && !sourceOf.has(target));
  expect(lost.map(show)).toEqual([]);
});

const arrows = [
  ['core/model', 'core/model'],
  ['core/ports.ts', 'core/model'],
  ['core', 'core'],
  ['adapters', 'core/model', 'core/ports.ts', 'adapters'],
  ['tenants', 'core/model', 'tenants'],
  ['functions', 'core', 'adapters', 'tenants', 'functions'],
  ['cli', 'core', 'adapters', 'tenants', 'local', 'cli'],
  ['local', 'core/model', 'local'],
  ['infra', 'core/model', 'tenants', 'infra'],
] as const;

test.each(arrows.map(([from, ...allowed]) => ({ from, allowed, names: allowed.join(', ') })))(
  '$from imports nothing of ours but $names',
  ({ from, allowed }) => {
    expect(strays(from, ...allowed)).toEqual([]);
  },
);

test('a tenant imports nothing of another tenant', () => {
  const tenantOf = (path: string) => /^tenants\/(\w+)\//.exec(path)?.[1];
  const found = ours.filter(
    ({ file, target }) => tenantOf(file) && tenantOf(target) && tenantOf(file) !== tenantOf(target),
  );
  expect(found.map(show)).toEqual([]);
});

test('nothing but tests imports functions or infra', () => {
  for (const folder of ['functions', 'infra']) {
    const scope = within(folder, 'test');
    const found = ours.filter(({ file, target }) => within(folder).holds(target) && !scope.holds(file));
    expect(found.map(show)).toEqual([]);
  }
});

test('core/model needs neither Node nor any package but a few that do nothing but compute', () => {
  const scope = within('core/model');
  const pure = ['zod', 'fastest-levenshtein', 'croner'];
  const found = [...builtins, ...packages].filter(({ file, target }) => scope.holds(file) && !pure.includes(target));
  expect(found.map(show)).toEqual([]);
});

test('core knows neither AWS nor the database driver', () => {
  const found = packages.filter(({ file, target }) => within('core').holds(file) && /^@?aws|cassandra/.test(target));
  expect(found.map(show)).toEqual([]);
});

test('the producer, which is for programs of others, needs the client of Kinesis and nothing of ours', () => {
  const scope = within('adapters/producer.ts', 'adapters/producer');
  expect(ours.filter(({ file, target }) => scope.holds(file) && !scope.holds(target)).map(show)).toEqual([]);
  const found = [...builtins, ...packages].filter(({ file }) => scope.holds(file)).map(({ target }) => target);
  expect(new Set(found)).toEqual(new Set(['@aws-sdk/client-kinesis']));
});

test('a tenant needs no package', () => {
  expect(packages.filter(({ file }) => within('tenants').holds(file)).map(show)).toEqual([]);
});

test('middy is in functions only', () => {
  const found = packages.filter(({ file, target }) => target.startsWith('@middy/') && !within('functions').holds(file));
  expect(found.map(show)).toEqual([]);
});

test('there are no import cycles', () => {
  expect(cycles()).toEqual([]);
});

test('there are no barrel files', () => {
  const reExports = files.filter((file) => /^export\s[^;]*?\bfrom\s*['"]/m.test(sourceOf.get(file) as string));
  expect(reExports.map((file) => `${file} exports what another file defines`)).toEqual([]);
  const indexes = files.filter((file) => posix.basename(file) === 'index.ts' && file !== 'tenants/index.ts');
  expect(indexes).toEqual([]);
});

test('handlers stay under 40 lines of code', () => {
  const handlers = files.filter(
    (file) => within('functions').holds(file) && /^export const handler\b/m.test(sourceOf.get(file) as string),
  );
  expect(handlers.length).toBeGreaterThanOrEqual(3);
  const isCode = (line: string) => !/^\s*(\/\/|\/\*|\*|$)/.test(line);
  const lengths = handlers.map((file) => ({
    file,
    lines: (sourceOf.get(file) as string).split('\n').filter(isCode).length,
  }));
  expect(lengths.filter(({ lines }) => lines >= 40)).toEqual([]);
});

/** Every cycle once, as the files on its way. */
function cycles(): string[] {
  const targetsOf = Map.groupBy(ours, ({ file }) => file);
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start !== -1) {
      found.push([...path.slice(start), file].join(' > '));
      return;
    }
    if (finished.has(file)) return;
    for (const { target } of targetsOf.get(file) ?? []) visit(target, [...path, file]);
    finished.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}
