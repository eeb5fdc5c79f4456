import { createHash } from 'node:crypto';

/** Puts messages together as the Kinesis Producer Library does, from its description of the format and not from our decoder. */

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
};

export const numberField = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);

export const bytesField = (field: number, value: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
};

export interface Together {
  readonly key: string;
  readonly hashKey?: string | undefined;
  readonly data: Uint8Array;
  readonly tags?: readonly (readonly [key: string, value: string])[];
}

/** The magic bytes and the checksum around a body. */
export const sealed = (body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0xf3, 0x89, 0x9a, 0xc2]), body, createHash('md5').update(body).digest()]);

export function aggregate(messages: readonly Together[]): Buffer {
  const keys = [...new Set(messages.map(({ key }) => key))];
  const hashKeys = [...new Set(messages.map(({ hashKey }) => hashKey).filter((key) => key !== undefined))];
  return sealed(
    Buffer.concat([
      ...keys.map((key) => bytesField(1, key)),
      ...hashKeys.map((key) => bytesField(2, key)),
      ...messages.map(({ key, hashKey, data, tags = [] }) =>
        bytesField(
          3,
          Buffer.concat([
            numberField(1, keys.indexOf(key)),
            ...(hashKey === undefined ? [] : [numberField(2, hashKeys.indexOf(hashKey))]),
            bytesField(3, data),
            ...tags.map(([name, value]) => bytesField(4, Buffer.concat([bytesField(1, name), bytesField(2, value)]))),
          ]),
        ),
      ),
    ]),
  );
}

/** Messages of one key, each as JSON. */
export const together = (...bodies: readonly unknown[]): Buffer =>
  aggregate(bodies.map((body) => ({ key: 'k', data: Buffer.from(JSON.stringify(body)) })));
