/** Values of a record as JSON: numbers with all of their digits, bytes in hexadecimal. */
export const jsonText = (values: unknown): string => JSON.stringify(values, plain);

function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return rawJson(String(value));
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value instanceof Uint8Array ? `0x${hexOf(value)}` : value;
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** ECMAScript proposal "JSON.parse source text access", which TypeScript does not know yet. */
const rawJson = (text: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
