import type { Limits } from '../model/tenant.ts';

/**
 * What a tenant has used of its day. Runs that have ended are folded into the totals; those that are open stand by their ids, so that
 * a retry after a crash finds whether it was counted. The whole is one document, changed by compare-and-set.
 */
export interface Usage {
  readonly files: number;
  readonly bytes: number;
  readonly rows: number;
  /** By run: what open runs hold, the rows known from the first pass. */
  readonly reserved: Readonly<Record<string, Reservation>>;
}

export interface Claim {
  readonly bytes: number;
  readonly rows: number;
}

export interface Reservation extends Claim {
  /** Which attempt at the run has reserved: one that died, or was left behind, must not be taken for the one that loads. */
  readonly attempt: number;
}

/** Limits of a day and of a moment; an absent one does not limit. */
export type UsageLimits = Pick<Limits, 'filesPerDay' | 'bytesPerDay' | 'rowsPerDay' | 'filesAtOnce'>;

export const noUsage: Usage = Object.freeze({ files: 0, bytes: 0, rows: 0, reserved: {} });

export interface Used {
  readonly files: number;
  readonly bytes: number;
  readonly rows: number;
}

/** Used and reserved together: what counts against the limits. */
export function totalOf({ files, bytes, rows, reserved }: Usage): Used {
  const open = Object.values(reserved);
  return {
    files: files + open.length,
    bytes: bytes + open.reduce((sum, claim) => sum + claim.bytes, 0),
    rows: rows + open.reduce((sum, claim) => sum + claim.rows, 0),
  };
}

/** Which limit a run would break; null when it fits. */
export type Broken = keyof UsageLimits | null;

/**
 * Reserves for a run, once however often it is asked; the usage is unchanged when a limit is in the way. What an earlier attempt has reserved is taken
 * over, and an attempt that comes behind a later one changes nothing.
 */
export function reserve(
  usage: Usage,
  limits: UsageLimits,
  run: string,
  { bytes, rows, attempt }: Reservation,
): { usage: Usage; broken: Broken } {
  const { [run]: before, ...others } = usage.reserved;
  if (before && before.attempt > attempt) return { usage, broken: null };
  const broken = brokenBy(totalOf({ ...usage, reserved: others }), Object.keys(others).length, limits, { bytes, rows });
  if (broken) return { usage, broken };
  if (before?.bytes === bytes && before.rows === rows && before.attempt === attempt) return { usage, broken: null };
  return { usage: { ...usage, reserved: { ...others, [run]: { bytes, rows, attempt } } }, broken: null };
}

/** Hands what an earlier attempt has reserved to this one; null when nothing is reserved. */
export function takeOver(usage: Usage, run: string, attempt: number): Usage | null {
  const held = usage.reserved[run];
  if (!held) return null;
  return held.attempt >= attempt ? usage : { ...usage, reserved: { ...usage.reserved, [run]: { ...held, attempt } } };
}

function brokenBy(total: Used, open: number, limits: UsageLimits, claim: Claim): Broken {
  const over = (limit: number | undefined, value: number) => limit !== undefined && value > limit;
  if (over(limits.filesPerDay, total.files + 1)) return 'filesPerDay';
  if (over(limits.bytesPerDay, total.bytes + claim.bytes)) return 'bytesPerDay';
  if (over(limits.rowsPerDay, total.rows + claim.rows)) return 'rowsPerDay';
  if (over(limits.filesAtOnce, open + 1)) return 'filesAtOnce';
  return null;
}

/**
 * Ends the reservation of a run by the attempt that ends it: what it used stays, or, when nothing is said, is given back. What an earlier attempt
 * has left behind is given back in any case.
 */
export function release(usage: Usage, run: string, attempt: number, used?: Claim): Usage {
  const { [run]: held, ...reserved } = usage.reserved;
  if (!held || held.attempt > attempt) return usage;
  if (!used || held.attempt < attempt) return { ...usage, reserved };
  return { files: usage.files + 1, bytes: usage.bytes + used.bytes, rows: usage.rows + used.rows, reserved };
}

/** A limit that could not be kept even by an empty day: waiting would be for ever. */
export function impossible(limits: UsageLimits, claim: Claim): Broken {
  return brokenBy({ files: 0, bytes: 0, rows: 0 }, 0, limits, claim);
}
