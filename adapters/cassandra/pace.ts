import { begin, burst, end, isChoked, newFlow, type Outcome, room } from './flow.ts';

/**
 * Sends so many things, by their index, several at a time; answers how many were given to `send`, in their order. Those behind are left when the signal ends
 * it, and when not even one at a time is taken. When `send` throws the rest is left as well, and it is thrown once all others have ended.
 */
export type Pace = (count: number, send: (index: number) => Promise<Outcome>, signal: AbortSignal) => Promise<number>;

/** A pace that learns from each outcome, for as long as it lives, what the database takes. */
export function newPace(): Pace {
  let flow = newFlow();
  return (count, send, signal) =>
    new Promise((resolve, reject) => {
      let next = 0;
      let mine = 0;
      let isOver = false;
      const thrown: unknown[] = [];

      const one = async (index: number) => {
        const number = flow.begun;
        flow = begin(flow);
        mine++;
        let outcome: Outcome = 'failed';
        try {
          outcome = await send(index);
        } catch (error) {
          thrown.push(error);
        }
        isOver ||= thrown.length > 0 || isChoked(flow, outcome);
        flow = end(flow, number, outcome);
        mine--;
        more();
      };
      const more = () => {
        let free = room(flow);
        if (mine > 0 && free < burst(flow) && next < count) return;
        // Others at the same pace may have taken all the room, and nothing else wakes this one.
        if (mine === 0) free = Math.max(free, 1);
        while (free-- > 0 && next < count && !isOver && !signal.aborted) one(next++);
        if (mine > 0) return;
        if (thrown.length > 0) reject(thrown[0]);
        else resolve(next);
      };
      more();
    });
}
