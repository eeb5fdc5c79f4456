import type { Answer, Settings, Waiting } from '../../core/model/stream.ts';
import type { StreamManager } from '../../core/ports.ts';

/** A stream in memory, as Kinesis and Lambda answer about it; a test puts messages on it by their arrival and position. */
export function memoryStream(first: Settings = { shards: 1, parallel: 1, batchSize: 500 }) {
  const stream = {
    settings: first,
    consuming: true,
    resharding: false,
    /** What each change was asked for, and what is answered instead of making it. */
    asked: [] as string[],
    answer: null as Answer | null,
    /** Messages by shard. */
    messages: new Map<string, { position: string; arrivedAt: Date }[]>(),
  };
  let opened = 0;
  let open = Array.from({ length: first.shards }, () => nameOf(opened++));
  const manager: StreamManager = {
    look: async () => ({
      settings: stream.settings,
      open,
      consuming: stream.consuming,
      resharding: stream.resharding,
    }),
    waiting: async (shards) =>
      shards.map(({ shard, position, since }): Waiting => {
        const left = (stream.messages.get(shard) ?? []).filter((message) =>
          position === null ? message.arrivedAt.getTime() >= since : BigInt(message.position) > BigInt(position),
        );
        return { shard, arrivedAt: left[0]?.arrivedAt ?? null, drained: left.length === 0 && !open.includes(shard) };
      }),
    set: async (lever, to) => {
      stream.asked.push(`${lever} ${to}`);
      if (stream.answer) return stream.answer;
      if (lever === 'shards' && to !== stream.settings.shards) {
        open = Array.from({ length: to }, () => nameOf(opened++));
      }
      stream.settings = { ...stream.settings, [lever]: to };
      return { kind: 'taken' };
    },
  };
  return { stream, manager, open: () => open };
}

const nameOf = (number: number): string => `shardId-${String(number).padStart(12, '0')}`;
