import type { S3Client } from '@aws-sdk/client-s3';
import { CliError } from './errors.ts';
import { lentMemory } from './lent-memory.ts';
import type { Ui } from './ui.ts';
import type { LocalFile } from './upload-files.ts';
import { sendParts, type Way } from './upload-parts.ts';
import { teller } from './upload-progress.ts';
import { openSource, type Part, type Source } from './upload-source.ts';
import { hasEnded, type Staged, stagingOf } from './upload-staging.ts';

/** What was done about a file. */
export interface Sending {
  /** Null when it was interrupted before all of it was there. */
  readonly staged: Staged | null;
  readonly sentBytes: number;
  /** Those that were there already, from an earlier command. */
  readonly foundBytes: number;
}

export interface Sizes {
  /** Bytes of a part; a file that is not larger is sent at once. */
  readonly part: number;
  /** Bytes of all parts that are on their way at a time, but for one that is larger by itself. */
  readonly memory: number;
}

const MB = 1024 * 1024;
const usual: Sizes = { part: 8 * MB, memory: 64 * MB };
/** Files that are sent at a time. */
const FILES = 4;

/**
 * Uploads files, some at a time, large ones in parts; the answers are in the order of the files. What an earlier command has sent stays where it is, by S3's own
 * account of it: whole files, and parts of a file that has not changed since. Interrupted, it answers how far it came.
 */
export async function send(
  files: readonly LocalFile[],
  bucket: string,
  { s3 }: { readonly s3: S3Client },
  ui: Pick<Ui, 'signal' | 'progress'>,
  sizes = usual,
): Promise<Sending[]> {
  const sent: Sending[] = new Array(files.length);
  const failed = new AbortController();
  const signal = AbortSignal.any([ui.signal, failed.signal]);
  const memory = lentMemory(sizes.memory, sizes.part);
  const waiting = files.entries();
  const work = async () => {
    for (const [index, file] of waiting) {
      const staging = stagingOf(s3, bucket, file.key, signal);
      const told = teller(file, ui);
      sent[index] = await sendFile(file, { staging, memory, told, signal }, sizes.part).catch((error: Error) => {
        const why = error instanceof CliError ? error : notSent(file, bucket, error);
        failed.abort(why);
        throw why;
      });
    }
  };
  await Promise.allSettled(Array.from({ length: FILES }, work));
  failed.signal.throwIfAborted();
  return sent;
}

async function sendFile(file: LocalFile, way: Way, least: number): Promise<Sending> {
  const { staging, memory, told, signal } = way;
  if (signal.aborted) return { staged: null, ...told.bytes() };
  const source = await openSource(file, least, memory);
  try {
    const present = await staging.present(source);
    if (present) return whole(present);
    const staged = await (source.parts.length === 1 ? sendAtOnce(source, way) : sendParts(source, way));
    told.done();
    return { staged, ...told.bytes() };
  } catch (error) {
    if (signal.aborted) return { staged: null, ...told.bytes() };
    // Another command with the same file may have been faster, or this one has not heard of its own success.
    const present = hasEnded(error) ? await staging.present(source) : null;
    if (!present) throw error;
    return whole(present);
  } finally {
    await source.close();
  }

  function whole(staged: Staged): Sending {
    const { sentBytes } = told.bytes();
    told.present();
    return { staged, sentBytes, foundBytes: file.bytes - sentBytes };
  }
}

async function sendAtOnce(source: Source, { staging, memory, told }: Way): Promise<Staged> {
  const [part] = source.parts as readonly [Part];
  const { buffer, giveBack } = await memory.lend(part.bytes);
  try {
    const { body, checksum } = await source.read(part, buffer);
    const staged = await staging.put(body, checksum);
    told.sent(part);
    return staged;
  } finally {
    giveBack();
  }
}

const notSent = ({ file, key }: LocalFile, bucket: string, error: Error): CliError =>
  new CliError('SLU-5002', `${file} could not be uploaded: ${error.name}: ${error.message}`, {
    where: `s3://${bucket}/${key}`,
    next: 'the same command again: it goes on with what is there',
  });
