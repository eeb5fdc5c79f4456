import type { Client, types } from 'cassandra-driver';
import { isUnknownOutcome, worldError } from './errors.ts';
import { inTurn } from './turns.ts';

/**
 * Makes a conditional write; after an answer that was lost, `made` looks at what is stored. What is not there may only be late, or was never
 * taken because of throttling: whoever asked tries again, and its own write from the first time does not stand in its way.
 */
export async function conditionally(
  client: Client,
  text: string,
  params: unknown[],
  doing: string,
  made: () => Promise<boolean>,
): Promise<boolean> {
  try {
    return (await client.execute(text, params, { prepare: true })).wasApplied();
  } catch (error) {
    if (isUnknownOutcome(error) && (await made())) return true;
    throw worldError(error, doing);
  }
}

/** A page of Keyspaces may be empty without being the last, so the walk ends where no page state is left. */
export const readAll = (client: Client, text: string, params: unknown[]): Promise<types.Row[]> =>
  inTurn(client, () => readPages(client, text, params));

async function readPages(client: Client, text: string, params: unknown[]): Promise<types.Row[]> {
  const rows: types.Row[] = [];
  let pageState: string | undefined;
  try {
    do {
      const options = { prepare: true, ...(pageState ? { pageState } : {}) };
      const page = await client.execute(text, params, options);
      rows.push(...page.rows);
      pageState = page.pageState ?? undefined;
    } while (pageState);
  } catch (error) {
    throw worldError(error, 'reading the ledger');
  }
  return rows;
}
