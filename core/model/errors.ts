import { type Code, codes } from './codes.ts';

/** Something broke that is likely to work again by itself: whoever catches it tries again later. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  readonly code: Code;
  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Something broke that will not mend itself: trying again is useless until a person acts. */
export class FatalError extends Error {
  override readonly name = 'FatalError';
  readonly code: Code;
  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The remedy that goes with a code, as the reader is told it after "Next:". */
export const remedy = (code: Code): string => codes[code][1];
