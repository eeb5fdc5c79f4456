import { randomUUID } from 'node:crypto';
import type { Client } from 'cassandra-driver';
import type { Registry } from '../../core/ports.ts';
import { cassandraDialect, type Dialect } from './client.ts';
import { conditionally, readAll } from './conditional.ts';
import { worldError } from './errors.ts';
import { registryCql } from './ledger-cql.ts';

interface Stored {
  readonly text: string;
  readonly revision: string;
}

/**
 * The registry of one tenant in its own keyspace: a document is JSON, and each change gives it a new random revision. The one that it has written last it keeps: a
 * change of that begins with it, without a read, and with a read where another has changed it since, so that the compare-and-set fails.
 */
export function cassandraRegistry(
  client: Client,
  keyspace: string,
  { serialRead }: Dialect = cassandraDialect,
): Registry {
  const cql = registryCql(keyspace);

  let written: (Stored & { readonly part: string; readonly name: string }) | null = null;

  const find = async (part: string, name: string): Promise<Stored | null> => {
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
      const mine = written?.part === part && written.name === name ? written : null;
      for (let known: Stored | null = mine; ; known = null) {
        const found = known ?? (await find(part, name));
        const before = found ? (JSON.parse(found.text) as T) : null;
        const { value, result } = by(before);
        if (value === before) {
          // Nothing is written that would tell whether it still is as it was left.
          if (known) continue;
          return result;
        }
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
        written = made && value !== null ? { part, name, text, revision } : null;
        if (made) return result;
      }
    },
  };
}
