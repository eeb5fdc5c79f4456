import { type FileRun, isSettled, type Stamp, type StreamRun, type StreamSlot, takenOver } from '../core/model/run.ts';
import { keyText, primaryKey, type Table } from '../core/model/table.ts';
import { addMessages, emptyStreamRun, lastOf, streamRunId } from '../core/model/tally.ts';
import type { Clock, Lease, Ledger, LedgerReader, Objects, Registry, Sink } from '../core/ports.ts';

/** The ports without services, for tests of the core; each passes the same conformance suite as the real one. */

interface StoredCells {
  readonly cells: Map<string, { readonly value: unknown; readonly writeTime: number }>;
  /** The time of the row's last deletion: what has been written up to then stays hidden, also when it comes later. */
  deleted: number;
}

/** Rows by table and key, as Cassandra keeps them: cell by cell the later write time stays. */
export function memorySink(): Sink & { rows(table: string): Readonly<Record<string, unknown>>[] } {
  const tables = new Map<string, Map<string, StoredCells>>();
  const rowOf = (table: Table, key: string): StoredCells => {
    const stored = tables.get(table.name) ?? new Map<string, StoredCells>();
    tables.set(table.name, stored);
    const row = stored.get(key) ?? { cells: new Map(), deleted: Number.NEGATIVE_INFINITY };
    stored.set(key, row);
    return row;
  };
  return {
    name: 'memory',
    async write(table, rows, signal) {
      if (signal.aborted) return rows.map((_, index) => ({ index, message: 'the time is used up', retryable: true }));
      const keyOf = keyText(table, primaryKey(table));
      const keyed = rows.map((row) => ({ ...row, key: keyOf(row.values) }));
      // Of equal keys at the same time the last stays whole.
      for (const { key, values, writeTime } of new Map(
        keyed.map((row) => [`${row.writeTime} ${row.key}`, row]),
      ).values()) {
        const { cells, deleted } = rowOf(table, key);
        if (writeTime <= deleted) continue;
        for (const name of Object.keys(table.columns)) {
          const value = values[name];
          const before = cells.get(name);
          if (value !== undefined && (!before || writeTime >= before.writeTime)) cells.set(name, { value, writeTime });
        }
      }
      return [];
    },
    async remove(table, keys, signal) {
      if (signal.aborted) return keys.map((_, index) => ({ index, message: 'the time is used up', retryable: true }));
      const keyOf = keyText(table, primaryKey(table));
      for (const { values, writeTime } of keys) {
        const row = rowOf(table, keyOf(values));
        row.deleted = Math.max(row.deleted, writeTime);
        for (const [name, cell] of row.cells) if (cell.writeTime <= writeTime) row.cells.delete(name);
      }
      return [];
    },
    close: async () => {},
    rows: (table) =>
      [...(tables.get(table)?.values() ?? [])]
        .filter(({ cells }) => cells.size > 0)
        .map(({ cells }) => Object.fromEntries([...cells].map(([name, { value }]) => [name, value]))),
  };
}

export interface MemoryObject {
  readonly bytes: Uint8Array;
  readonly lastModified: Date;
}

export function memoryObjects(stored = new Map<string, MemoryObject>(), clock: Clock = { now: () => new Date() }) {
  const objects: Objects = {
    async find({ bucket, key }) {
      const found = stored.get(`${bucket}/${key}`);
      if (!found) return null;
      return {
        size: found.bytes.byteLength,
        lastModified: found.lastModified,
        async *open(_signal, { start, end } = { start: 0, end: found.bytes.byteLength }) {
          for (let at = start; at < end; at += 65_536) yield found.bytes.subarray(at, Math.min(at + 65_536, end));
        },
      };
    },
    async put(bucket, key, content) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : Uint8Array.from(content);
      stored.set(`${bucket}/${key}`, { bytes, lastModified: clock.now() });
    },
    keys: async (bucket, prefix) =>
      [...stored.keys()]
        .filter((name) => name.startsWith(`${bucket}/${prefix}`))
        .map((name) => name.slice(bucket.length + 1))
        .sort(),
    async *texts(bucket, prefix) {
      const names = [...stored.keys()].filter((name) => name.startsWith(`${bucket}/${prefix}`)).sort();
      for (const name of names) yield Buffer.from((stored.get(name) as MemoryObject).bytes).toString();
    },
    async versions(bucket, prefix) {
      const found = [...stored].filter(([name]) => name.startsWith(`${bucket}/${prefix}`));
      const versions = found.map(([name, { bytes, lastModified }]) => ({
        bucket,
        key: name.slice(bucket.length + 1),
        versionId: 'v1',
        size: bytes.byteLength,
        lastModified,
      }));
      return { versions, next: null };
    },
  };
  return { ...objects, stored };
}

export function memoryLedger(clock: Clock): Ledger & LedgerReader {
  const runs = new Map<string, { run: FileRun; owner: string; until: Date | null }>();
  const slots = new Map<string, { run: StreamRun; stamps: Map<string, Stamp & { over: boolean }> }>();
  const slotKey = (slot: StreamSlot) => `${slot.stream} ${slot.shard} ${streamRunId(slot)}`;
  const later = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000);

  const update = (lease: Lease, run: FileRun, until: Date | null): boolean => {
    const stored = runs.get(run.id);
    if (stored?.owner !== lease.owner || stored.run.attempt !== lease.run.attempt) return false;
    runs.set(run.id, { run, owner: lease.owner, until });
    return true;
  };

  return {
    async claim(run, owner, leaseSeconds) {
      const until = later(leaseSeconds);
      const stored = runs.get(run.id);
      if (stored && isSettled(stored.run.state)) return { kind: 'settled', run: stored.run };
      if (stored?.owner === owner && stored.until) {
        return { kind: 'held', lease: { run: stored.run, owner, until: stored.until } };
      }
      if (stored?.until && stored.until > clock.now()) return { kind: 'busy', run: stored.run };
      const next = stored ? takenOver(stored.run, run) : run;
      runs.set(run.id, { run: next, owner, until });
      return { kind: 'held', lease: { run: next, owner, until } };
    },
    async renew(lease, run, leaseSeconds) {
      const until = later(leaseSeconds);
      return update(lease, run, until) ? { run, owner: lease.owner, until } : null;
    },
    async hand(lease, owner, leaseSeconds) {
      const until = later(leaseSeconds);
      if (!update(lease, lease.run, until)) return null;
      runs.set(lease.run.id, { run: lease.run, owner, until });
      return { run: lease.run, owner, until };
    },
    settle: async (lease, run) => update(lease, run, null),
    async find({ id, feed, day }) {
      const found = runs.get(id);
      return found?.run.feed === feed && found.run.day === day ? found : null;
    },
    async counted(slot, asked) {
      const stamps = slots.get(slotKey(slot))?.stamps ?? new Map<string, Stamp & { over: boolean }>();
      const positions = new Set(asked.filter((position) => stamps.has(position)));
      const over = new Set([...positions].filter((position) => stamps.get(position)?.over));
      const last = lastOf(stamps.values());
      return { positions, over, last: last && { position: last.position, writeTime: last.writeTime } };
    },
    async tally(slot, messages) {
      const { run, stamps } = slots.get(slotKey(slot)) ?? {
        run: emptyStreamRun(slot, clock.now()),
        stamps: new Map<string, Stamp & { over: boolean }>(),
      };
      const fresh = messages.filter((message) => {
        const isNew = !stamps.has(message.position);
        const { position, writeTime, overQuota: over = false } = message;
        if (isNew) stamps.set(position, { position, writeTime, over });
        return isNew;
      });
      const after = fresh.length === 0 ? run : addMessages(run, fresh, clock.now());
      if (fresh.length > 0) slots.set(slotKey(slot), { run: after, stamps });
      return after;
    },
    fileRuns: async (feed, day) =>
      [...runs.values()].map(({ run }) => run).filter((run) => run.feed === feed && run.day === day),
    streamRunsIn: async (hour) =>
      [...slots.values()]
        .map(({ run }) => run)
        .filter(({ minute }) => Math.floor(minute.getTime() / 3_600_000) * 3_600_000 === hour.getTime()),
    streamRuns: async (day) =>
      [...slots.values()].map(({ run }) => run).filter(({ minute }) => minute.toISOString().startsWith(day)),
    streamRunsOf: async (asked) =>
      [...slots.values()].map(({ run }) => run).filter(({ minute }) => minute.getTime() === asked.getTime()),
  };
}

export function memoryRegistry(): Registry {
  const parts = new Map<string, Map<string, string>>();
  const read = <T>(part: string, name: string): T | null => {
    const text = parts.get(part)?.get(name);
    return text === undefined ? null : JSON.parse(text);
  };
  return {
    read: async <T>(part: string, name: string) => read<T>(part, name),
    list: async <T>(part: string) =>
      [...(parts.get(part) ?? [])]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, text]) => ({ name, value: JSON.parse(text) as T })),
    async change<T, R>(part: string, name: string, by: (value: T | null) => { value: T | null; result: R }) {
      const before = read<T>(part, name);
      const { value, result } = by(before);
      const entries = parts.get(part) ?? new Map<string, string>();
      parts.set(part, entries);
      if (value === null) entries.delete(name);
      else if (value !== before) entries.set(name, JSON.stringify(value));
      return result;
    },
  };
}
