import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { faster, kinesisFolder, kinesisProgram, placeKinesis } from '../../local/kinesis.ts';
import { pathsOf, versions } from '../../local/settings.ts';
import { sandbox } from './sandbox.ts';

/** The emulator's own way to group records: `A` is its pair, `j` its hash, `e` its equality, `l` the groups. */
const grouping = 'u=y(new A,p.xl,p.Xl);l.QA(u,make).Ya(p)';

describe('the emulator of Kinesis', () => {
  test('is copied to where LocalStack looks, faster, and the download stays as it is', async () => {
    const settings = (await sandbox()).settings();
    const program = kinesisProgram(pathsOf(settings).kinesisLib);
    mkdirSync(dirname(program), { recursive: true });
    writeFileSync(program, `before;${grouping};after`);
    writeFileSync(`${program}.map`, 'large');
    for (const start of ['first', 'second']) {
      placeKinesis(settings);
      const placed = kinesisProgram(join(kinesisFolder(settings), versions.kinesisLocal));
      expect([start, readFileSync(placed, 'utf8')]).toEqual([
        start,
        'before;u=y(new A,p.xl,p.Xl);u.j=()=>0;l.QA(u,make).Ya(p);after',
      ]);
      expect(existsSync(`${placed}.map`)).toBe(false);
    }
    expect(readFileSync(program, 'utf8')).toBe(`before;${grouping};after`);
  });

  test('stays as it is when its text is another', () => {
    expect(faster('u=y(new A,p.xl)')).toBe('u=y(new A,p.xl)');
  });
});
