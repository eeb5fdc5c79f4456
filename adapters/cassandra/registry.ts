import { randomUUID } from 'node:crypto';
import type { Client } from 'cassandra-driver';
import type { Registry } from '../../core/ports.ts';
import { cassandraDialect, type Dialect } from './client.ts';
import { conditionally, readAll } from './conditional.ts';
import { worldError } from './errors.ts';
import { registryCql } from './ledger-cql.ts';

/** The registry of one tenant in its own keyspace: a document is JSON, and each change gives it a new random revision. */
export function cassandraRegistry(
  client: Client,
  keyspace: string,
  { serialRead }: Dialect = cassandraDialect,
): Registry {
  const cql = registryCql(keyspace);

  const find = async (part: string, name: string) => {
    const options = { prepare: true, consistency: serialRead };
    const answer = await client.execute(cql.select, [part, name], options).catch((error: unknown) => {
      throw worldError(error, 'reading the registry');
    });
    const row = answer.first();
    return row ? { text: String(row.get('value')), revision: String(row.get('revision')) } : null;
  };

  return {
    async read<T>(part: string, name: string) {
      const found = await find(part, name);
      return found ? (JSON.parse(found.text) as T) : null;
    },

    async list<T>(part: string) {
      const rows = await readAll(client, cql.list, [part]);
      return rows.map((row) => ({ name: String(row.get('name')), value: JSON.parse(row.get('value')) as T }));
    },

    async change<T, R>(part: string, name: string, by: (value: T | null) => { value: T | null; result: R }) {
      for (;;) {
        const found = await find(part, name);
        const before = found ? (JSON.parse(found.text) as T) : null;
        const { value, result } = by(before);
        if (value === before) return result;
        const revision = randomUUID();
        const stands = async () => (await find(part, name))?.revision === revision;
        const gone = async () => (await find(part, name)) === null;
        const text = JSON.stringify(value);
        const made = !found
          ? await conditionally(client, cql.insert, [part, name, text, revision], 'adding to the registry', stands)
          : value === null
            ? await conditionally(client, cql.remove, [part, name, found.revision], 'removing from the registry', gone)
            : await conditionally(
                client,
                cql.update,
                [text, revision, part, name, found.revision],
                'changing the registry',
                stands,
              );
        if (made) return result;
      }
    },
  };
}
