/** How the delivery of a file comes again: in one place for the queue, the function and those who tell of it. */

/** Times that a delivery is received before it is given up and lies in the dead letters. */
export const MAX_RECEIVES = 5;

/** Seconds until a delivery comes again that has failed for a passing reason: 5, doubling up to five minutes. */
export const backOff = (received: number): number => Math.min(300, 5 * 2 ** (received - 1));
