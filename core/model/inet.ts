/**
 * The bytes of an IP address, 4 or 16; null for a text that is none. Names of hosts, zones (`%eth0`), ports and numbers with a leading zero, which
 * some read as octal, are none. An IPv4 address in the clothes of IPv6 (`::ffff:1.2.3.4`) is the IPv4 address, as it is for Java and so for Cassandra.
 */
export function inetBytes(text: string): Uint8Array | null {
  if (!text.includes(':')) return bytesOfV4(text);
  const bytes = bytesOfV6(text);
  const mapped = bytes?.every((byte, at) => at >= 12 || byte === (at < 10 ? 0 : 0xff));
  return mapped ? (bytes as Uint8Array).slice(12) : bytes;
}

const V4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

function bytesOfV4(text: string): Uint8Array | null {
  const numbers = V4.exec(text)?.slice(1).map(Number);
  return numbers?.every((number) => number <= 255) ? Uint8Array.from(numbers) : null;
}

function bytesOfV6(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  if (!head || tail === null) return null;
  const missing = 16 - head.length - (tail?.length ?? 0);
  // `::` stands for at least one group.
  if (tail ? missing < 2 : missing !== 0) return null;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])]);
}

/** The bytes of groups between colons; the last of them may be an IPv4 address. */
function groupsOf(text: string, isLast: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const v4 = isLast && index === groups.length - 1 ? bytesOfV4(group) : null;
    if (v4) bytes.push(...v4);
    else if (/^[\da-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255);
    else return null;
  }
  return bytes.length <= 16 ? bytes : null;
}

/** An address as RFC 5952 writes it: small letters, no leading zeros, the longest run of zero groups as `::`. */
export function inetText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] as number) << 8) | (bytes[2 * at + 1] as number));
  let [start, length] = [0, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > length) [start, length] = [at, end - at];
  }
  const hex = groups.map((group) => group.toString(16));
  if (length === 1) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}
