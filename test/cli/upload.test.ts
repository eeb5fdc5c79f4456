import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { memoryRegistry } from '../../adapters/memory.ts';
import { type ForecastWorld, forecast } from '../../cli/forecast.ts';
import { quotaOf } from '../../cli/quota.ts';
import { filesOf, type LocalFile, refuseTooMany } from '../../cli/upload-files.ts';
import { noUsage } from '../../core/control/usage.ts';
import { caps } from '../../core/model/caps.ts';
import { readings, tenantOf } from '../support/tenant.ts';
import { withFolder } from '../support/user.ts';

const csv = (count: number, what = '') =>
  `sensor,at,value,do\n${Array.from({ length: count }, (_, index) => `s,${index},1,${what}\n`).join('')}`;

/** Files with these contents in a folder, as `sluice upload` finds them. */
const inFolder = <T>(contents: Readonly<Record<string, string>>, work: (folder: string) => Promise<T>): Promise<T> =>
  withFolder(async (folder) => {
    for (const [name, content] of Object.entries(contents)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return work(folder);
  });

const judged = (contents: Readonly<Record<string, string>>, changes: Partial<ForecastWorld> = {}) =>
  inFolder(contents, async (folder) => {
    const world = {
      tenant: tenantOf(),
      registry: memoryRegistry(),
      bucket: 'acme-staging',
      usage: noUsage,
      now: new Date('2026-01-02T03:04:05Z'),
      check: false,
      signal: new AbortController().signal,
      ...changes,
    };
    return forecast(await filesOf([folder], 'readings', undefined), world);
  });

const verdicts = async (files: ReturnType<typeof judged>) =>
  Object.fromEntries((await files).map(({ key, verdict, reason }) => [key.slice(9), [verdict, reason?.code ?? null]]));

describe('the files of an upload', () => {
  test('keep their paths below a folder, and go under the feed and the prefix; hidden ones stay', async () => {
    const contents = { 'a.csv': 'x', 'deep/er/b.csv': 'xy', '.hidden': 'x', '.git/c.csv': 'x' };
    await inFolder(contents, async (folder) => {
      const files = await filesOf([folder], 'readings', '/2026/01/');
      expect(files.map(({ key, bytes }) => [key, bytes])).toEqual([
        ['readings/2026/01/a.csv', 1],
        ['readings/2026/01/deep/er/b.csv', 2],
      ]);
    });
  });

  test('are refused when two would have one key, when there are none, and when one is not there', async () => {
    await inFolder({ 'a.csv': 'x', 'b/a.csv': 'y', 'none/.x': '' }, async (folder) => {
      const named = (...names: string[]) =>
        filesOf(
          names.map((name) => join(folder, name)),
          'readings',
          undefined,
        );
      await expect(named('a.csv', 'b/a.csv')).rejects.toMatchObject({
        code: 'SLU-4003',
        details: [/^readings\/a.csv: /],
      });
      await expect(named('none')).rejects.toThrow('no files');
      await expect(named('gone.csv')).rejects.toThrow('ENOENT');
    });
  });
});

describe('more files than an upload may have', () => {
  const files = { 'a.csv': 'x', 'b.csv': 'x', 'deep/c.csv': 'x' };
  const given = () => inFolder(files, (folder) => filesOf([folder], 'readings', undefined));

  test('are refused with how many were given, how many are allowed, and how to go on', async () => {
    const three = await given();
    const refused = () => refuseTooMany(three, tenantOf({ filesPerUpload: 2 }));
    expect(refused).toThrow('3 files were given; the deployed profile of acme allows 2 in one upload');
    expect(refused).toThrow(expect.objectContaining({ code: 'SLU-3018', exit: 'notAllowed' }));
  });

  test('are as many as the profile says, and else as the platform does', async () => {
    const [one] = await given();
    const many = (count: number) => Array.from({ length: count }, () => one as LocalFile);
    refuseTooMany(many(2), tenantOf({ filesPerUpload: 2 }));
    refuseTooMany(many(caps.filesPerUpload), tenantOf());
    expect(() => refuseTooMany(many(caps.filesPerUpload + 1), tenantOf())).toThrow('the platform allows 10000');
  });
});

describe('a forecast', () => {
  test('refuses what the profile does not take, with its code', async () => {
    const files = { 'a.csv': csv(2), 'b.txt': 'x', 'c.csv': '', 'd.csv': csv(20) };
    expect(await verdicts(judged(files, { tenant: tenantOf({ maxFileBytes: 100 }) }))).toEqual({
      'a.csv': ['taken', null],
      'b.txt': ['refused', 'SLU-3002'],
      'c.csv': ['refused', 'SLU-3004'],
      'd.csv': ['refused', 'SLU-3003'],
    });
  });

  test('defers what the day cannot take any more, files before it included, and refuses what no day could', async () => {
    const files = { 'a.csv': csv(2), 'b.csv': csv(3), 'c.csv': csv(9) };
    const reserved = { other: { bytes: 1, rows: 4, attempt: 1 } };
    const world = { tenant: tenantOf({ rowsPerDay: 8 }), usage: { ...noUsage, reserved }, check: true };
    const [a, b, c] = await judged(files, world);
    expect([a?.verdict, b?.verdict, c?.verdict]).toEqual(['taken', 'deferred', 'refused']);
    expect(b).toMatchObject({ reason: { code: 'SLU-3016' }, until: new Date('2026-01-03T00:00:00Z') });
    expect(b?.reason?.message).toBe('the profile allows 8 rows a day, and 2 are left');
    expect(c?.reason?.code).toBe('SLU-3015');
  });

  test('counts records, rejections and rows by the transform itself, when it is to check', async () => {
    const [file] = await judged({ 'a.csv': `${csv(3)}s,7,1,reject\ns,8,1,drop\n` }, { check: true });
    expect(file).toMatchObject({
      verdict: 'taken',
      trial: { rows: 5, counts: { read: 5, loaded: 3, dropped: 1, rejected: 1 }, firstRejections: [{ position: 4 }] },
    });
    expect(await verdicts(judged({ 'a.csv': 'a,a\n1,2\n' }, { check: true }))).toEqual({
      'a.csv': ['refused', 'SLU-3009'],
    });
  });

  test('knows the hours of the feed, and content that has been loaded', async () => {
    const hours = { from: '22:00', to: '23:00' };
    const tenant = tenantOf({}, [{ ...readings, hours }]);
    const [late] = await judged({ 'a.csv': csv(1) }, { tenant });
    expect(late).toMatchObject({ verdict: 'deferred', until: new Date('2026-01-02T22:00:00Z') });

    const once = tenantOf({}, [{ ...readings, sameContent: 'skip' }]);
    const registry = { read: async () => ({ run: 'readings.20260101.0', object: 'readings/old.csv' }) as never };
    const skipped = await verdicts(judged({ 'a.csv': csv(1) }, { tenant: once, registry, check: true }));
    expect(skipped).toEqual({ 'a.csv': ['skipped', 'SLU-3014'] });
  });
});

test('a quota tells used, reserved and left, and where the limit comes from', () => {
  const usage = { files: 2, bytes: 10, rows: 5, reserved: { a: { bytes: 3, rows: 1, attempt: 1 } } };
  const [files, , rows, atOnce] = quotaOf(tenantOf({ filesPerDay: 3, filesAtOnce: 2 }).limits, usage);
  expect(files).toEqual({ limit: 'filesPerDay', allowed: 3, platform: false, used: 2, reserved: 1, left: 0 });
  expect(rows).toMatchObject({ platform: true, used: 5, reserved: 1 });
  expect(atOnce).toMatchObject({ allowed: 2, reserved: 1, left: 1 });
});
