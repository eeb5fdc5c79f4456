/** For `JSON.stringify`: what JSON would refuse, leave out or spread. Whole numbers of any length are digits, bytes hexadecimal, sets and maps lists. */
export function plainJson(this: unknown, key: string, part: unknown): unknown {
  // Still without what its own toJSON makes of it.
  const given = (this as Readonly<Record<string, unknown>>)[key];
  if (given instanceof Set || given instanceof Map) return [...given];
  if (given instanceof Uint8Array) {
    return `0x${Array.from(given, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  }
  if (typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0)))
    return Object.is(part, -0) ? '-0' : String(part);
  return typeof part === 'bigint' ? String(part) : part;
}
