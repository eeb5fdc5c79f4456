import type { Message, StreamSlot } from './run.ts';

/** What the function that loads messages is asked to do besides what its stream brings. */
export type Order =
  /** Show that it and its database answer. */
  | { readonly kind: 'probe' }
  /** Take these records as the stream's own, but only the messages at these positions. */
  | {
      readonly kind: 'records';
      readonly records: readonly Message[];
      readonly only: readonly string[];
      readonly condemned: string | null;
    }
  /** Load rejected messages once more, by the keys of their stored rejections, in the run of a replay. */
  | {
      readonly kind: 'rejects';
      readonly slot: StreamSlot & Required<Pick<StreamSlot, 'replay'>>;
      readonly keys: readonly string[];
      readonly condemned: string | null;
    };

/**
 * `again`: the messages are not at fault, something is down or must be mended by a person. `died`: the function itself ended. `silent`: there was no answer in time, and
 * it may still be at work.
 */
export type OrderAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'again' | 'died'; readonly why: string }
  | { readonly kind: 'silent' };
