import { isUtf8 } from 'node:buffer';
import type { SchemaElement } from 'hyparquet';
import type { Code } from '../../model/codes.ts';
import type { ParquetSettings } from '../../model/formats.ts';
import { parseJson } from '../../model/json-value.ts';
import { ExactNumber } from '../../model/row.ts';

/** A value that its column's type does not allow: its record is rejected. */
export class Broken {
  readonly code: Code;
  readonly message: string;
  constructor(code: Code, message: string) {
    this.code = code;
    this.message = message;
  }
  toJSON(): string {
    return this.message;
  }
}

/** Makes of a column's raw values what a transform reads; undefined where they are that already. */
export type Convert = ((raw: never) => unknown) | undefined;

/**
 * What a column's type stands for, exactly: whole numbers of 64 bits are bigint, decimals `ExactNumber`, days, times and timestamps text in
 * ISO 8601 with as many digits as they have.
 */
export function converterOf(element: SchemaElement, settings: ParquetSettings): Convert {
  const { type, converted_type: converted, logical_type: logical } = element;
  const isBytes = type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY';
  switch (logical?.type ?? oldNames[converted ?? ''] ?? converted) {
    case 'STRING':
    case 'ENUM':
      return isBytes ? textOf : undefined;
    case 'JSON':
      return isBytes ? jsonOf : undefined;
    case 'DECIMAL':
      return decimalOf(element.scale ?? (logical?.type === 'DECIMAL' ? logical.scale : 0));
    case 'DATE':
      return dayOf;
    case 'TIME_MILLIS':
      return timeOf(1000n);
    case 'TIME_MICROS':
      return timeOf(1_000_000n);
    case 'TIME':
      return timeOf(logical?.type === 'TIME' ? perSecond[logical.unit] : 1000n);
    case 'TIMESTAMP_MILLIS':
      return instantOf(1000n, 'Z');
    case 'TIMESTAMP_MICROS':
      return instantOf(1_000_000n, 'Z');
    case 'TIMESTAMP': {
      const { unit, isAdjustedToUTC } = logical as { unit: Unit; isAdjustedToUTC: boolean };
      return instantOf(perSecond[unit], isAdjustedToUTC ? 'Z' : '');
    }
    case 'UUID':
      return uuidOf;
    case 'FLOAT16':
      return halfOf;
    case 'INTERVAL':
      return intervalOf;
    case 'INTEGER':
      return logical?.type === 'INTEGER' && !logical.isSigned ? unsignedOf(type) : undefined;
    case 'UINT':
      return unsignedOf(type);
    case 'NULL':
      return () => null;
  }
  if (type === 'INT96') return legacyInstantOf;
  if (type === 'BYTE_ARRAY' && settings.binaryAsText) return textOf;
  return isBytes ? bytesOf : undefined;
}

/**
 * Whether a conversion throws of all of these values if it does of the first, which refuses the file: they are bytes for what takes any bytes,
 * or whole numbers, which either fit a type or do not.
 */
export function isTold(convert: Convert, raw: ArrayLike<unknown>): boolean {
  if (ofBytes.has(convert)) return raw[0] instanceof Uint8Array;
  return raw instanceof Int32Array || raw instanceof BigInt64Array;
}

type Unit = 'MILLIS' | 'MICROS' | 'NANOS';
const perSecond: Readonly<Record<Unit, bigint>> = { MILLIS: 1000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n };

/** Files from before logical types say the same in other words. */
const oldNames: Readonly<Record<string, string>> = {
  UTF8: 'STRING',
  UINT_8: 'UINT',
  UINT_16: 'UINT',
  UINT_32: 'UINT',
  UINT_64: 'UINT',
};

/** In memory of its own: a part of a page would keep all of it. */
const bytesOf = (raw: Uint8Array): Uint8Array => new Uint8Array(raw);

function textOf(raw: Uint8Array): string | Broken {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  return isUtf8(bytes) ? bytes.toString() : new Broken('SLU-3006', 'bytes that are not UTF-8');
}

function jsonOf(raw: Uint8Array): unknown {
  const text = textOf(raw);
  if (typeof text !== 'string') return text;
  const found = parseJson(text);
  return 'code' in found ? new Broken(found.code, found.message) : found.value;
}

const unsignedOf = (type: SchemaElement['type']): Convert =>
  type === 'INT64' ? (raw: bigint) => BigInt.asUintN(64, raw) : (raw: number) => raw >>> 0;

/** Bytes of a decimal: 256 bits and more are held by no database. */
const DECIMAL_BYTES = 256;
const DECIMAL_SCALE = 1000;

function decimalOf(scale: number): Convert {
  if (scale < 0 || scale > DECIMAL_SCALE) return () => new Broken('SLU-2001', `a decimal of ${scale} places`);
  return (raw: number | bigint | Uint8Array): ExactNumber | Broken => {
    if (raw instanceof Uint8Array && raw.length > DECIMAL_BYTES)
      return new Broken('SLU-2001', `a decimal of ${raw.length} bytes`);
    const unscaled = raw instanceof Uint8Array ? wholeOf(raw) : BigInt(raw);
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
    const point = digits.length - scale;
    return new ExactNumber(
      `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale ? '.' : ''}${digits.slice(point)}`,
    );
  };
}

/** Two's complement, the highest byte first. */
const wholeOf = (raw: Uint8Array): bigint =>
  raw.length === 0 ? 0n : BigInt.asIntN(raw.length * 8, BigInt(`0x${Buffer.from(raw).toString('hex')}`));

const dayOf = (days: number): string | Broken => {
  const date = new Date(days * 86_400_000);
  return Number.isNaN(date.getTime())
    ? new Broken('SLU-2001', `day ${days} since 1970`)
    : dayText(date.getTime() / 1000 / DAY);
};

const DAY = 86_400;
/** Seconds from 1970 that a `Date` takes, in either direction. */
const FARTHEST = 8.64e12;

const two = (figure: number): string => String(figure).padStart(2, '0');
const minutes = Array.from({ length: 1440 }, (_, minute) => `T${two(Math.floor(minute / 60))}:${two(minute % 60)}:`);
const seconds = Array.from({ length: 60 }, (_, second) => two(second));

/** Days as text, of which most files have few: with them an instant takes 0.06 µs, and 0.5 µs by `toISOString`. */
const dayTexts = new Map<number, string>();
const DAYS = 4096;

function dayText(day: number): string {
  const known = dayTexts.get(day);
  if (known !== undefined) return known;
  const [text] = new Date(day * DAY * 1000).toISOString().split('T') as [string];
  if (dayTexts.size >= DAYS) dayTexts.clear();
  dayTexts.set(day, text);
  return text;
}

/** Seconds since 1970, as `2001-01-31T08:15:00`. */
function secondText(since: number): string {
  const day = Math.floor(since / DAY);
  const second = since - day * DAY;
  return `${dayText(day)}${minutes[Math.floor(second / 60)]}${seconds[second % 60]}`;
}

/** An instant by its units since 1970, with as many places as it needs. */
const instantOf =
  (unitsPerSecond: bigint, zone: string): Convert =>
  (raw: bigint | number): string | Broken => {
    const units = BigInt(raw);
    const fraction = ((units % unitsPerSecond) + unitsPerSecond) % unitsPerSecond;
    const since = Number((units - fraction) / unitsPerSecond);
    if (Math.abs(since) > FARTHEST) return new Broken('SLU-2001', `an instant ${units} units from 1970`);
    return `${secondText(since)}${placesOf(fraction, unitsPerSecond)}${zone}`;
  };

const timeOf =
  (unitsPerSecond: bigint): Convert =>
  (raw: bigint | number): string | Broken => {
    const units = BigInt(raw);
    const seconds = Number(units / unitsPerSecond);
    if (units < 0n || seconds >= 86_400) return new Broken('SLU-2001', `a time of day of ${units} units`);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    return `${parts.map((part) => String(part).padStart(2, '0')).join(':')}${placesOf(units % unitsPerSecond, unitsPerSecond)}`;
  };

/** `.5` of a second in any unit, as `.500`: three, six or nine places, as few as hold it. */
function placesOf(fraction: bigint, unitsPerSecond: bigint): string {
  if (fraction === 0n) return '';
  const nanos = String((fraction * 1_000_000_000n) / unitsPerSecond).padStart(9, '0');
  return `.${nanos.replace(/(000){1,2}$/, '')}`;
}

/** The form of Impala and old Spark: nanoseconds of the day, and the Julian day, 2440588 of which is 1970-01-01. */
const legacyInstantOf = (raw: bigint): unknown => {
  const nanos = ((raw >> 64n) - 2_440_588n) * 86_400_000_000_000n + BigInt.asUintN(64, raw);
  return (legacyInstant as (raw: bigint) => unknown)(nanos);
};
const legacyInstant = instantOf(1_000_000_000n, 'Z');

const uuidOf = (raw: Uint8Array): string | Broken => {
  const hex = Buffer.from(raw).toString('hex');
  const match = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(hex);
  return match ? match.slice(1).join('-') : new Broken('SLU-2001', `a UUID of ${raw.length} bytes`);
};

/** Months, days and milliseconds, each by itself. */
const intervalOf = (raw: Uint8Array): string | Broken => {
  if (raw.length !== 12) return new Broken('SLU-2001', `an interval of ${raw.length} bytes`);
  const view = new DataView(raw.buffer, raw.byteOffset, 12);
  const [months, days, millis] = [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true)];
  return `P${months}M${days}DT${Math.floor(millis / 1000)}${placesOf(BigInt(millis % 1000), 1000n)}S`;
};

/** IEEE 754 binary16. */
const halfOf = (raw: Uint8Array): number | Broken => {
  if (raw.length !== 2) return new Broken('SLU-2001', `a half of ${raw.length} bytes`);
  const bits = (raw[0] as number) | ((raw[1] as number) << 8);
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

const ofBytes = new Set<Convert>([textOf, jsonOf, bytesOf, uuidOf, intervalOf, halfOf]);
