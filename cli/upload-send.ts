import { createReadStream } from 'node:fs';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { ObjectRef } from '../core/model/run.ts';
import { CliError } from './errors.ts';
import { bytes, type Ui } from './ui.ts';
import type { LocalFile } from './upload-files.ts';
import type { OperatorWorld } from './world.ts';

/** An object as S3 has taken it. */
export interface Sent {
  readonly object: ObjectRef;
  readonly modified: Date;
}

/** Files that are sent at a time, parts of each at a time, and bytes of a part: S3 takes at most 10,000 parts. */
const FILES = 4;
const PARTS = 4;
const PART = 8 * 1024 * 1024;
/** Milliseconds between two lines about one file. */
const QUIET = 1000;

/** Uploads files, some at a time, large ones in parts; the answers are in the order of the files. */
export async function send(
  files: readonly LocalFile[],
  bucket: string,
  { s3 }: Pick<OperatorWorld, 's3'>,
  ui: Ui,
): Promise<Sent[]> {
  const sent: Sent[] = new Array(files.length);
  const waiting = files.entries();
  const work = async () => {
    for (const [index, file] of waiting) sent[index] = await sendOne(file);
  };
  await Promise.all(Array.from({ length: FILES }, work));
  return sent;

  async function sendOne(file: LocalFile): Promise<Sent> {
    const began = Date.now();
    let told = began;
    const params = { Bucket: bucket, Key: file.key, Body: createReadStream(file.file) };
    const upload = new Upload({ client: s3, params, queueSize: PARTS, partSize: PART });
    upload.on('httpUploadProgress', ({ loaded = 0 }) => {
      if (Date.now() - told < QUIET || loaded === file.bytes) return;
      told = Date.now();
      ui.progress('upload', `${file.key}: ${bytes(loaded)} of ${bytes(file.bytes)}`);
    });
    ui.signal.addEventListener('abort', () => void upload.abort(), { once: true });
    try {
      const { VersionId } = await upload.done();
      const version = { Bucket: bucket, Key: file.key, ...(VersionId && { VersionId }) };
      const { LastModified } = await s3.send(new HeadObjectCommand(version));
      const seconds = (Date.now() - began) / 1000;
      ui.progress('upload', `${file.key}: ${bytes(file.bytes)} in ${seconds.toFixed(1)} s`);
      const object = { bucket, key: file.key, versionId: VersionId ?? '' };
      return { object, modified: LastModified ?? new Date() };
    } catch (error) {
      throw new CliError('SLU-5002', `${file.file} could not be uploaded: ${(error as Error).message}`, {
        where: `s3://${bucket}/${file.key}`,
        next: 'sluice status, then the same command again: what is there already is loaded once',
      });
    }
  }
}
