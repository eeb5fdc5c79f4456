import { describe, expect, test } from 'vitest';
import { ExactNumber } from '../../../core/model/row.ts';
import { defineTable } from '../../../core/model/table.ts';
import { type Contract, defineFeed, type Feed } from '../../../core/model/tenant.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import { transformer } from '../../../core/pipeline/transform.ts';
import { readings, tenantOf } from '../../support/tenant.ts';
import { ingestObject, memoryWorld, message } from '../../support/world.ts';

const table = defineTable({
  name: 'things',
  columns: { id: 'text', size: 'int', more: { map: ['text', 'text'] }, rest: 'text' },
  partitionKey: ['id'],
});

function held(contract: Contract | undefined, values: Record<string, unknown>, transform?: Feed['transform']) {
  const plain: Feed['transform'] = (fields) => ({ id: fields.text('id') });
  const about = { name: 'things', description: '', formats: ['ndjson'], table } as const;
  const feed: Feed = { ...about, transform: transform ?? plain, ...(contract && { contract }) };
  const { transformed, rejected } = transformer(feed, { tenant: 't', origin: 'test' })([
    { position: 1, values, raw: '' },
  ]);
  return transformed[0]?.outputs ?? rejected[0];
}

const contract = { required: ['id', 'size'], optional: ['colour'] } as const;
const whole = { id: 'a', size: 3 };

describe('a record whose feed has a contract', () => {
  test.each([
    ['all that is required', whole],
    ['what is optional, too', { ...whole, colour: 'red' }],
    ['what is optional, empty', { ...whole, colour: '' }],
    ['a column that nobody knows', { ...whole, shape: 'round' }],
    ['a value that is false or zero', { id: 'a', size: 0, colour: false }],
  ])('is taken with %s', (_, values) => {
    expect(held(contract, values)).toEqual([{ id: 'a' }]);
  });

  test.each([{ id: 'a' }, { id: 'a', size: null }, { id: 'a', size: '' }])(
    'is rejected without what is required: %j',
    (values) => {
      expect(held(contract, values)).toMatchObject({
        code: 'SLU-2003',
        stage: 'read',
        column: 'size',
        message: 'column "size" is missing or empty, and the feed requires it',
      });
    },
  );

  test('is rejected before its transform sees it', () => {
    expect(held(contract, { id: 'a' }, () => expect.fail('it is called'))).toMatchObject({ code: 'SLU-2003' });
  });

  test('is not held to names that objects have of themselves', () => {
    expect(held({ required: ['id', 'constructor'] }, { id: 'a' })).toMatchObject({ column: 'constructor' });
  });
});

describe('a column that the feed does not know', () => {
  test('costs its record where the contract says so, and the nearest name is told', () => {
    expect(held({ ...contract, unknown: 'reject' }, { ...whole, color: 'red' })).toMatchObject({
      code: 'SLU-2020',
      stage: 'read',
      column: 'color',
      value: '"red"',
      message: 'column "color" is none that the feed knows; did you mean colour?',
    });
    expect(held({ ...contract, unknown: 'reject' }, whole)).toEqual([{ id: 'a' }]);
  });

  test('is rescued with its value into a map', () => {
    const values = { ...whole, note: 'as it is', tags: ['x', 1n << 70n], none: null, price: new ExactNumber('0.10') };
    const more = new Map([
      ['note', 'as it is'],
      ['tags', '["x",1180591620717411303424]'],
      ['none', 'null'],
      ['price', '"0.10"'],
    ]);
    expect(held({ ...contract, unknown: { rescue: 'more' } }, values)).toEqual([{ id: 'a', more }]);
  });

  test('is rescued into a text as JSON, in every row of its record', () => {
    const twice: Feed['transform'] = () => [{ id: 'a' }, { id: 'b' }];
    const rest = '{"note":"x","size2":3}';
    expect(held({ ...contract, unknown: { rescue: 'rest' } }, { ...whole, note: 'x', size2: 3 }, twice)).toEqual([
      { id: 'a', rest },
      { id: 'b', rest },
    ]);
  });

  test('that is not there leaves the column alone', () => {
    expect(held({ ...contract, unknown: { rescue: 'rest' } }, whole)).toEqual([{ id: 'a' }]);
    expect(held({ ...contract, unknown: { rescue: 'rest' } }, { ...whole, note: 'x' }, () => null)).toEqual([]);
  });
});

test('messages are held to the contract, too', async () => {
  const feed = defineFeed({
    ...readings,
    contract: { required: ['sensor', 'at'], optional: ['value'], unknown: 'reject' },
  });
  const world = memoryWorld(tenantOf({}, [feed]));
  const bodies = [{ sensor: 's', at: 1 }, { sensor: 's', at: 2, colour: 'red' }, { at: 3 }];
  await ingestMessages(
    bodies.map((body, index) => message(index + 1, body)),
    world.attempt(),
  );
  const [run] = await world.ledger.streamRuns('2026-01-02');
  expect(run?.feeds.readings?.counts).toEqual({ read: 3, loaded: 1, dropped: 0, rejected: 2 });
  expect(run?.firstRejections.map(({ code }) => code).toSorted()).toEqual(['SLU-2003', 'SLU-2020']);
});

describe('the columns of a file', () => {
  const worldOf = (changes: Partial<Feed> = {}) => memoryWorld(tenantOf({}, [{ ...readings, ...changes } as Feed]));
  async function sent(world: ReturnType<typeof worldOf>, ...files: readonly string[]) {
    const runs = [];
    for (const content of files) {
      world.clock.advance(60);
      const key = `readings/${world.clock.now().getTime()}.${content.startsWith('{') ? 'ndjson' : 'csv'}`;
      runs.push(await ingestObject(world.upload(key, content), world.attempt()));
    }
    return runs;
  }

  test('are held against those of the file before', async () => {
    const [first, same, added, missing, reordered] = await sent(
      worldOf(),
      'sensor,at\ns,1\n',
      'sensor,at\ns,2\n',
      'sensor,at,value\ns,2,3\n',
      'sensor,at\ns,2\n',
      'at,sensor\n2,s\n',
    );
    expect([first, same].map((run) => run?.quality?.drift)).toEqual([null, null]);
    expect(added?.quality?.drift).toEqual({ against: first?.id, added: ['value'], missing: [], reordered: false });
    expect(missing?.quality?.drift).toEqual({ against: added?.id, added: [], missing: ['value'], reordered: false });
    expect(reordered?.quality?.drift).toEqual({ against: missing?.id, added: [], missing: [], reordered: true });
    expect(reordered?.quality?.source).toEqual({ names: ['at', 'sensor'], ordered: true });
  });

  test('have no order in JSON, where each record has columns of its own', async () => {
    const [first, json, csv] = await sent(
      worldOf(),
      'sensor,at,value\ns,1,1\n',
      '{"value":1,"sensor":"s","at":1}\n{"at":2,"sensor":"s"}\n',
      'at,sensor,value\n1,s,1\n',
    );
    expect(json?.quality?.drift).toBeNull();
    expect(csv?.quality?.drift).toMatchObject({ against: first?.id, reordered: true });
  });

  test('are told even when every record is rejected for them, and such a file is no measure for the next', async () => {
    const [first, renamed, after] = await sent(
      worldOf({ errors: 'skip-file' }),
      'sensor,at\ns,1\n',
      'Sensor,at\ns,1\n',
      'sensor,at\ns,1\n',
    );
    expect(renamed).toMatchObject({
      state: 'refused',
      quality: { drift: { against: first?.id, added: ['Sensor'], missing: ['sensor'] } },
    });
    expect(after?.quality?.drift).toBeNull();
  });

  test('are held against the contract where there is one', async () => {
    const [, drifted] = await sent(
      worldOf({ contract: { required: ['sensor', 'at'], optional: ['value', 'do'] } }),
      'at,sensor\n1,s\n',
      'at,sensr\n1,s\n',
    );
    expect(drifted?.quality?.drift).toEqual({
      against: 'the contract',
      added: ['sensr'],
      missing: ['sensor'],
      reordered: false,
    });
  });

  test('of an older version that comes late do not replace those of a later one', async () => {
    const world = worldOf();
    const [first] = await sent(world, 'sensor,at,value\ns,1,1\n');
    const early = new Date(world.clock.now().getTime() - 3_600_000);
    await ingestObject(world.upload('readings/old.csv', 'sensor,at\ns,1\n', early), world.attempt());
    const [next] = await sent(world, 'sensor,at,value,do\ns,1,1,x\n');
    expect(next?.quality?.drift).toMatchObject({ against: first?.id, added: ['do'], missing: [] });
  });
});
