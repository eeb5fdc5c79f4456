import { entriesTable, ledgerTables, runsTable, streamRunsTable } from '../../core/model/ledger-tables.ts';
import { createTable, quote } from './cql.ts';

/** Statements of the ledger, for one keyspace. */
export function ledgerCql(keyspace: string) {
  const runs = `${quote(keyspace)}.${quote(runsTable.name)}`;
  const streamRuns = `${quote(keyspace)}.${quote(streamRunsTable.name)}`;
  const columns = Object.keys(runsTable.columns);
  const mutable = columns.filter((name) => !['feed', 'day', 'run_id'].includes(name));
  const slot = 'WHERE hour = ? AND minute = ? AND stream = ? AND shard = ?';
  const tally = ['revision', 'positions', 'over_quota', 'first_position', 'last_position', 'last_write_time'];
  tally.push('feeds', 'started_at', 'ended_at', 'first_rejections');
  const slotKey = ['hour', 'minute', 'stream', 'shard'];
  const light = [...slotKey.slice(1), ...tally]
    .filter((name) => name !== 'positions' && name !== 'over_quota')
    .join(', ');
  return {
    insertRun: `INSERT INTO ${runs} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) IF NOT EXISTS`,
    updateRun: `UPDATE ${runs} SET ${mutable.map((name) => `${name} = ?`).join(', ')} WHERE feed = ? AND day = ? AND run_id = ? IF owner = ? AND attempt = ?`,
    selectRun: `SELECT * FROM ${runs} WHERE feed = ? AND day = ? AND run_id = ?`,
    selectRuns: `SELECT * FROM ${runs} WHERE feed = ? AND day = ?`,
    insertSlot: `INSERT INTO ${streamRuns} (${[...tally, ...slotKey].join(', ')}) VALUES (${[...tally, ...slotKey].map(() => '?').join(', ')}) IF NOT EXISTS`,
    updateSlot: `UPDATE ${streamRuns} SET ${tally.map((name) => `${name} = ?`).join(', ')} ${slot} IF revision = ?`,
    selectSlot: `SELECT * FROM ${streamRuns} ${slot}`,
    selectSlotParts: `SELECT ${light} FROM ${streamRuns} WHERE hour = ? AND minute = ? AND stream = ? AND shard >= ? AND shard < ?`,
    selectMinute: `SELECT ${light} FROM ${streamRuns} WHERE hour = ? AND minute = ?`,
    selectStreamRuns: `SELECT ${light} FROM ${streamRuns} WHERE hour = ?`,
  };
}

/** Statements of the registry, for one keyspace. */
export function registryCql(keyspace: string) {
  const entries = `${quote(keyspace)}.${quote(entriesTable.name)}`;
  return {
    select: `SELECT value, revision FROM ${entries} WHERE part = ? AND name = ?`,
    list: `SELECT name, value FROM ${entries} WHERE part = ?`,
    insert: `INSERT INTO ${entries} (part, name, value, revision) VALUES (?, ?, ?, ?) IF NOT EXISTS`,
    update: `UPDATE ${entries} SET value = ?, revision = ? WHERE part = ? AND name = ? IF revision = ?`,
    remove: `DELETE FROM ${entries} WHERE part = ? AND name = ? IF revision = ?`,
  } as const;
}

/** All statements that the ledger can issue, and its tables, for the check against what Keyspaces knows. */
export const ledgerStatements = (keyspace: string): readonly string[] => [
  ...ledgerTables.map((table) => createTable(keyspace, table)),
  ...Object.values(ledgerCql(keyspace)),
  ...Object.values(registryCql(keyspace)),
];
