import { bytes, type Ui } from './ui.ts';
import type { LocalFile } from './upload-files.ts';
import type { Part } from './upload-source.ts';

/** Milliseconds between two lines about one file. */
const QUIET = 1000;

export type Teller = ReturnType<typeof teller>;

/** Counts what is sent of a file, and tells it. */
export function teller({ key, bytes: all }: LocalFile, ui: Pick<Ui, 'progress'>) {
  const began = Date.now();
  let last = began;
  let sentBytes = 0;
  let foundBytes = 0;
  const say = (what: string) => ui.progress('upload', `${key}: ${what}`);
  const soon = () => {
    const there = sentBytes + foundBytes;
    if (Date.now() - last < QUIET || there === all) return;
    last = Date.now();
    say(`${bytes(there)} of ${bytes(all)}`);
  };
  return {
    bytes: () => ({ sentBytes, foundBytes }),
    sent: (part: Part) => {
      sentBytes += part.bytes;
      soon();
    },
    found: (part: Part) => {
      foundBytes += part.bytes;
      soon();
    },
    goesOn: () => say(`goes on after ${bytes(foundBytes)} of ${bytes(all)} that are there`),
    beginsAnew: () => {
      foundBytes = 0;
      say('was begun with other content: begins anew');
    },
    present: () => say(`${bytes(all)} that are there already`),
    done: () => {
      const seconds = ((Date.now() - began) / 1000).toFixed(1);
      const rest = foundBytes === 0 ? '' : `, ${bytes(sentBytes)} of them`;
      say(`${bytes(all)}${rest} in ${seconds} s`);
    },
  };
}
