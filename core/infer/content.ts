import type { FormatSettings } from '../model/formats.ts';

/** Gives what a file holds, decompressed, from its start. */
export type Content = () => AsyncIterable<Uint8Array>;

/** What was guessed of a feed's files of a format. */
export interface SettingsGuess {
  readonly settings: FormatSettings;
  readonly notes: readonly string[];
}
