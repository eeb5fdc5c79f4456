import { expect, test } from 'vitest';
import { notNull, range } from '../../../core/model/quality.ts';
import { defineFeed, type Tenant } from '../../../core/model/tenant.ts';
import { admit } from '../../../core/pipeline/admit.ts';
import { type Trial, tryFile } from '../../../core/pipeline/trial.ts';
import { bytesOf, stream } from '../../support/bytes.ts';
import { readings, tenantOf } from '../../support/tenant.ts';

const tried = async (text: string, tenant: Tenant = tenantOf(), samples = 2): Promise<Trial> => {
  const admitted = admit(tenant, 'readings/a.csv', 1);
  if ('code' in admitted) throw new Error(admitted.message);
  const stored = { size: 1, lastModified: new Date(0), open: () => stream(bytesOf(`sensor,at,value,do\n${text}`)) };
  const trial = await tryFile(tenant, admitted, stored, 'a.csv', new AbortController().signal, samples);
  if ('code' in trial) throw new Error(trial.message);
  return trial;
};

test('rejections are counted by reason, the most frequent first, and the first records of each are kept', async () => {
  const { reasons, counts } = await tried(`s,x,1,\n${'s,1,1,reject\n'.repeat(8000)}s,1\n`);
  expect(counts).toEqual({ read: 8002, loaded: 0, dropped: 0, rejected: 8002 });
  expect(reasons.map(({ code, column, count, rejections }) => [code, column, count, rejections.length])).toEqual([
    ['SLU-2004', 'do', 8000, 5],
    ['SLU-2004', 'at', 1, 1],
    ['SLU-2002', null, 1, 1],
  ]);
  expect(reasons[0]?.rejections.map(({ position, line }) => [position, line])).toEqual(
    [2, 3, 4, 5, 6].map((position) => [position, position + 1]),
  );
});

test('the first rows and the first dropped records are kept, and no more than were asked for', async () => {
  const { sample, dropped } = await tried('s,1,1,\ns,2,1,drop\ns,3,1,twice\ns,4,1,drop\ns,5,1,drop\n');
  expect(sample.map(({ at }) => at)).toEqual([1, 3]);
  expect(dropped.map(({ position, raw }) => [position, raw])).toEqual([
    [2, 's,2,1,drop'],
    [4, 's,4,1,drop'],
  ]);
});

test('rules are counted by whether the record is loaded all the same', async () => {
  const quality = [range('at', { max: 5 }, 'warn'), notNull('value')];
  const tenant = tenantOf({}, [defineFeed({ ...readings, quality })]);
  const { reasons, warnings } = await tried('s,1,1,\ns,7,1,\ns,8,,\ns,9,1,\n', tenant);
  expect(warnings).toEqual({ 'at-range': 2 });
  expect(reasons).toMatchObject([{ code: 'SLU-2018', rule: 'value-not-null', count: 1 }]);
});
