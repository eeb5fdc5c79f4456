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
  readonly reserved: Readonly<Record<string, Claim>>;
}

export interface Claim {
  readonly bytes: number;
  readonly rows: number;
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

/** Reserves for a run, once however often it is asked; the usage is unchanged when a limit is in the way. */
export function reserve(
  usage: Usage,
  limits: UsageLimits,
  run: string,
  claim: Claim,
): { usage: Usage; broken: Broken } {
  const { [run]: before, ...others } = usage.reserved;
  const broken = brokenBy(totalOf({ ...usage, reserved: others }), Object.keys(others).length, limits, claim);
  if (broken) return { usage, broken };
  if (before?.bytes === claim.bytes && before.rows === claim.rows) return { usage, broken: null };
  return { usage: { ...usage, reserved: { ...others, [run]: claim } }, broken: null };
}

function brokenBy(total: Used, open: number, limits: UsageLimits, claim: Claim): Broken {
  const over = (limit: number | undefined, value: number) => limit !== undefined && value > limit;
  if (over(limits.filesPerDay, total.files + 1)) return 'filesPerDay';
  if (over(limits.bytesPerDay, total.bytes + claim.bytes)) return 'bytesPerDay';
  if (over(limits.rowsPerDay, total.rows + claim.rows)) return 'rowsPerDay';
  if (over(limits.filesAtOnce, open + 1)) return 'filesAtOnce';
  return null;
}

/** Ends a run's reservation: what it used stays, or, when nothing is said, is given back. */
export function release(usage: Usage, run: string, used?: Claim): Usage {
  const { [run]: held, ...reserved } = usage.reserved;
  if (!held) return usage;
  if (!used) return { ...usage, reserved };
  return { files: usage.files + 1, bytes: usage.bytes + used.bytes, rows: usage.rows + used.rows, reserved };
}

/** A limit that could not be kept even by an empty day: waiting would be for ever. */
export function impossible(limits: UsageLimits, claim: Claim): Broken {
  return brokenBy({ files: 0, bytes: 0, rows: 0 }, 0, limits, claim);
}
