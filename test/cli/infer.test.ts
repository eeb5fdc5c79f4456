import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { checkFile } from '../../cli/check-files.ts';
import { dataset } from '../../cli/demo-data.ts';
import { type InferOptions, runInfer } from '../../cli/infer.ts';
import { createUi, type Ui } from '../../cli/ui.ts';
import { defineTenant, type Feed } from '../../core/model/tenant.ts';
import { repositoryRoot } from '../local/sandbox.ts';
import { withFolder } from '../support/user.ts';

/** `sluice infer <file>`, as it is called. */
async function infer(file: string, options: InferOptions = {}) {
  const notes: string[] = [];
  const ui: Ui = { ...createUi(false, new AbortController().signal), note: (line) => void notes.push(line) };
  const result = await runInfer(file, options, ui);
  return { ...result, notes: notes.join('\n'), text: result.lines.join('\n') };
}

const FLIGHTS = 'F1,2001-01-01T10:00Z,-3,400,LAS,LAX\nF2,2001-01-02T10:00Z,17,400,LAS,LAX\n';
const HEADER = 'flight_id,Departure Time,delay,distance,origin,destination\n';

describe('a proposal', () => {
  test('is printed as the file of a feed, and what was guessed beside it', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'Flights 2001.csv');
      await writeFile(file, HEADER + FLIGHTS);
      const { text, notes, exit } = await infer(file);
      expect(exit).toBe('ok');
      const [imports, rest] = text.split('\n\n/**');
      // At the start of a line they would be taken for imports of this file.
      expect(imports?.split('\n')).toEqual([
        "import { byColumn } from '../../../core/model/by-column.ts';",
        "import { defineTable } from '../../../core/model/table.ts';",
        "import { defineFeed } from '../../../core/model/tenant.ts';",
      ]);
      expect(`/**${rest}`).toBe(`\
/** Proposed by \`sluice infer\` from the 2 records of Flights 2001.csv. */
const table = defineTable({
  name: 'flights_2001',
  columns: {
    flight_id: 'text',
    departure_time: 'timestamp',
    delay: 'int',
    distance: 'int',
    origin: 'text',
    destination: 'text',
  },
  partitionKey: ['flight_id'],
});

export default defineFeed({
  name: 'flights_2001',
  description: 'records such as those of Flights 2001.csv',
  formats: ['csv'],
  table,
  transform: byColumn(table, {
    rename: {
      departure_time: 'Departure Time',
    },
  }),
});`);
      expect(notes).toContain('  delay: int — 2 of 2 values are whole numbers between -3 and 17\n');
      expect(notes).toContain('  key (flight_id) — flight_id is different in all 2 records\n');
      expect(notes).toContain('tried on the file: 2 read = 2 loaded + 0 rejected\n');
    }));

  test('has what was guessed in one document for programs', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'a.csv.gz');
      await writeFile(file, gzipSync(`id;n\na;00\n`));
      expect((await infer(file)).data).toMatchObject({
        name: 'a',
        settings: { format: 'csv', delimiter: ';' },
        records: 1,
        columns: [
          { field: 'id', column: 'id', type: 'text' },
          { field: 'n', column: 'n', type: 'text', notes: ['"00" would lose its zeros as a number'] },
        ],
        partitionKey: ['id'],
        counts: { read: 1, loaded: 1, dropped: 0, rejected: 0 },
        source: expect.stringContaining("formats: [{ format: 'csv', delimiter: ';' }],"),
        out: null,
      });
    }));

  test('tells of records that would be rejected, where they are, and that not all is well', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'a.csv');
      await writeFile(file, `${HEADER}${FLIGHTS}F3,2001\n`);
      const { notes, exit } = await infer(file);
      expect(exit).toBe('rejects');
      expect(notes).toContain('SLU-2002  1 × the record has too few or too many columns');
      expect(notes).toContain('a.csv:4:8, record 3');
    }));

  test('of a file that cannot be read is refused with the code of what is wrong', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'a.csv');
      await writeFile(file, 'id,id\n1,2\n');
      await expect(infer(file)).rejects.toMatchObject({ code: 'SLU-3009', exit: 'rejects' });
      await expect(infer(folder)).rejects.toMatchObject({ code: 'SLU-4003' });
      await expect(infer(join(folder, 'gone'))).rejects.toMatchObject({ code: 'SLU-4003' });
    }));
});

describe('a proposal that is written', () => {
  test('is named after its file, and never written over another one unasked', () =>
    withFolder(async (folder) => {
      const [file, out] = [join(folder, 'a.csv'), join(folder, 'tenants', 'acme', 'feeds', 'flights.ts')];
      await writeFile(file, HEADER + FLIGHTS);
      const { text, notes } = await infer(file, { out });
      expect(text).toBe(`${out} is written`);
      expect(notes).toContain(`Next: name it in tenants/acme/tenant.ts, then sluice check acme ${file}`);
      expect(await readFile(out, 'utf8')).toContain("name: 'flights',");
      await writeFile(out, 'mine');
      await expect(infer(file, { out })).rejects.toMatchObject({
        code: 'SLU-4003',
        message: `${out} is there already`,
      });
      expect(await readFile(out, 'utf8')).toBe('mine');
      await infer(file, { out, force: true });
      expect(await readFile(out, 'utf8')).toContain("name: 'flights',");
    }));

  test('compiles, is formatted as the repository is, and passes sluice check on the very file', () =>
    withFolder(async (folder) => {
      for (const name of ['core', 'node_modules', 'biome.json', 'package.json', 'tsconfig.json']) {
        await symlink(join(repositoryRoot, name), join(folder, name));
      }
      const feeds = join(folder, 'tenants', 'acme', 'feeds');
      await mkdir(feeds, { recursive: true });
      const odd = join(folder, 'odd.csv');
      await writeFile(
        odd,
        `"it's";"a ""b""";\`\${c}\`;*/;born;zip\nx;1;2;3;01/02/2001;0123\ny;1;2;3;02/02/2001;0124\n`,
      );
      const files = {
        airports: dataset('airports.csv'),
        strikes: dataset('birdstrikes.csv'),
        odd,
        rates: dataset('unemployment.tsv'),
      };
      for (const [name, file] of Object.entries(files)) await infer(file, { out: join(feeds, `${name}.ts`) });

      const bin = join(repositoryRoot, 'node_modules', '.bin');
      const config = join(folder, 'tsconfig.acme.json');
      await writeFile(config, JSON.stringify({ extends: './tsconfig.json', include: ['tenants'] }));
      await promisify(execFile)(join(bin, 'tsc'), ['-p', config, '--pretty', 'false'], { cwd: folder });
      await promisify(execFile)(join(bin, 'biome'), ['check', '--vcs-enabled=false', 'tenants'], { cwd: folder });

      for (const [name, file] of Object.entries(files)) {
        const feed: Feed = (await import(join(feeds, `${name}.ts`))).default;
        const tenant = defineTenant({
          id: 'acme',
          name: 'Acme',
          contact: 'x',
          limits: { maxFileBytes: 10_000_000, maxFileRows: 100_000, maxMessageBytes: 10_000 },
          stream: { shards: 1, retentionHours: 24, feed: name },
          feeds: [feed],
        });
        const { signal } = new AbortController();
        const { refusal, trial } = await checkFile(tenant, file, { feed: name, samples: 0, signal });
        expect([name, refusal, trial?.counts.rejected]).toEqual([name, null, 0]);
      }
    }));
});
