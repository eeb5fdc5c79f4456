import type { Settings } from '../model/stream.ts';
import { type Policy, SHARD } from './policy.ts';
import { decide } from './scaling.ts';
import { made } from './stream-memory.ts';
import { type Decision, type Measures, newStreamState, type StreamState } from './stream-state.ts';

/** What arrives in one minute. */
export interface Load {
  readonly minute: number;
  readonly messages: number;
  readonly bytes: number;
  /** Rows that the database takes in a second; null: as many as come. */
  readonly database: number | null;
}

/** How fast what is simulated is. Each figure has its source in docs/scaling.md. */
export interface Speeds {
  /** Milliseconds of an invocation besides its messages: the call, and reading and writing the ledger. */
  readonly invocationMilliseconds: number;
  /** Milliseconds of an invocation for each of its messages: transform and write. */
  readonly messageMilliseconds: number;
  /** Minutes that Kinesis takes to change the shards, whatever their number. */
  readonly reshardMinutes: number;
}

/** What a minute of the simulation comes to. */
export interface Minute {
  readonly minute: number;
  /** Messages that came, in thousands of none: those that Kinesis had no room for come again in the next minute. */
  readonly arrived: number;
  readonly refused: number;
  readonly loaded: number;
  readonly waiting: number;
  readonly settings: Settings;
  readonly lagSeconds: number;
  readonly throttles: number;
  readonly decision: Decision;
}

interface Cohort {
  readonly minute: number;
  messages: number;
}

const MINUTE = 60_000;
/** Any time will do: the simulation looks at differences. */
const START = Date.parse('2026-01-01T00:00:00Z');

/**
 * Replays a load against a policy, minute by minute. The model is small, and its formulas are in docs/scaling.md: a shard takes 1,000 records and 1 MB a second,
 * what it has no room for comes again; a batch takes a fixed time and a time for each message; the database takes so many rows a second and
 * puts off the others; messages are loaded first in, first out. Pure.
 */
export function simulate(policy: Policy, loads: readonly Load[], speeds: Speeds): Minute[] {
  let settings: Settings = { ...policy.first, parallel: 1 };
  let state: StreamState = newStreamState(policy, settings);
  let resharding: { to: number; until: number } | null = null;
  let pent = { messages: 0, bytes: 0 };
  const queue: Cohort[] = [];
  const minutes: Minute[] = [];

  for (const [index, load] of loads.entries()) {
    if (resharding && index >= resharding.until) {
      settings = { ...settings, shards: resharding.to };
      resharding = null;
      state = made(state, 0);
    }
    const coming = { messages: pent.messages + load.messages, bytes: pent.bytes + load.bytes };
    const arrived = admitted(coming, settings.shards);
    const share = coming.messages === 0 ? 0 : arrived / coming.messages;
    pent = { messages: coming.messages - arrived, bytes: coming.bytes * (1 - share) };
    if (arrived > 0) queue.push({ minute: index, messages: arrived });

    const waiting = queue.reduce((sum, { messages }) => sum + messages, 0);
    const able = settings.shards * settings.parallel * batchesAMinute(settings, speeds) * settings.batchSize;
    const most = load.database === null ? Number.POSITIVE_INFINITY : load.database * 60;
    const asked = Math.min(waiting, able);
    const loaded = Math.floor(Math.min(asked, most));
    const throttles = Math.ceil(asked - loaded);
    const seconds = take(queue, loaded, index);
    const lagSeconds = queue.length === 0 ? 0 : (index - (queue[0] as Cohort).minute + 1) * 60;

    const measures: Measures = {
      from: START + index * MINUTE,
      minutes: 1,
      messages: arrived,
      bytes: coming.bytes * share,
      rejects: 0,
      averageMilliseconds: loaded === 0 ? null : (seconds / loaded) * 1000 + batchMilliseconds(settings, speeds),
      p95Milliseconds: null,
      maxMilliseconds: null,
      databaseMilliseconds: loaded === 0 ? null : (batchMilliseconds(settings, speeds) * asked) / loaded,
      throttles,
      lagSeconds,
      progress: loaded > 0,
      actual: settings,
      consuming: true,
      resharding: resharding !== null,
    };
    const decided = decide(policy, state, [measures], START + (index + 1) * MINUTE);
    state = decided.state;
    const decision = decided.decision as Decision;
    const { minute } = load;
    const left = waiting - loaded;
    const refused = Math.round(pent.messages);
    minutes.push({
      minute,
      arrived: Math.round(arrived),
      refused,
      loaded,
      waiting: left,
      settings,
      lagSeconds,
      throttles,
      decision,
    });
    const { change } = decision;
    if (change?.lever === 'shards') resharding = { to: change.to, until: index + 1 + speeds.reshardMinutes };
    else if (change) {
      settings = { ...settings, [change.lever]: change.to };
      state = made(state, 0);
    }
  }
  return minutes;
}

function admitted({ messages, bytes }: { messages: number; bytes: number }, shards: number): number {
  const size = messages === 0 ? 0 : bytes / messages;
  return Math.min(messages, shards * 60 * Math.min(SHARD.messages, size === 0 ? SHARD.messages : SHARD.bytes / size));
}

const batchMilliseconds = ({ batchSize }: Settings, { invocationMilliseconds, messageMilliseconds }: Speeds): number =>
  invocationMilliseconds + batchSize * messageMilliseconds;

const batchesAMinute = (settings: Settings, speeds: Speeds): number => MINUTE / batchMilliseconds(settings, speeds);

/** Takes messages out, the oldest first; answers the seconds that they have waited, summed: none when they came in this very minute. */
function take(queue: Cohort[], count: number, now: number): number {
  let left = count;
  let seconds = 0;
  while (left > 0) {
    const first = queue[0];
    if (!first) break;
    const some = Math.min(left, first.messages);
    seconds += some * (now - first.minute) * 60;
    first.messages -= some;
    left -= some;
    // Less than one message is the rest of a division.
    if (first.messages < 1) queue.shift();
  }
  return seconds;
}
