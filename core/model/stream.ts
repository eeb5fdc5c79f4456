import type { Code } from './codes.ts';

/** What the stream manager sets, and what nobody else has to. */
export interface Settings {
  /** Open shards. */
  readonly shards: number;
  /** Batches of one shard that are loaded at a time. */
  readonly parallel: number;
  /** Most messages of a batch. */
  readonly batchSize: number;
}

export type Lever = keyof Settings;

/** A stream and its consumption, as they are found. */
export interface StreamFound {
  readonly settings: Settings;
  /** Names of the open shards. */
  readonly open: readonly string[];
  /** False when consumption is stopped. */
  readonly consuming: boolean;
  /** True while Kinesis is changing the shards. */
  readonly resharding: boolean;
}

/** How far the messages of a shard are acknowledged: up to a position, or, where there is none yet, up to a time. */
export interface Acknowledged {
  readonly shard: string;
  readonly position: string | null;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** What is left of a shard behind what is acknowledged. */
export interface Waiting {
  readonly shard: string;
  /** When the oldest message that waits arrived; null when none does. */
  readonly arrivedAt: Date | null;
  /** True for a closed shard of which nothing is left. */
  readonly drained: boolean;
}

/** What became of asking for a change: taken, to be asked again later, or refused for good. */
export type Answer = { readonly kind: 'taken' } | { readonly kind: 'later' | 'refused'; readonly why: string };

/** What a tenant and its operator should know about a stream at once. */
export interface StreamAlert {
  readonly tenant: string;
  readonly code: Code;
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
  readonly figures: object;
}

/** The message under which `tick` logs an alert, and which an alarm looks for. */
export const streamAlert = 'stream alert';
