import { readFileSync } from 'node:fs';
import * as z from 'zod';

/** Longest PEM text: it goes into an environment variable, and Lambda takes 4 KB for all of them. */
const LONGEST_PEM = 3000;

/** Reads a certificate authority while the settings are checked: what is wrong with the file is one mistake among the others. */
export function readAuthority(path: string, context: z.RefinementCtx): string {
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8').trim();
  } catch (error) {
    return refuse(`a file that can be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (!/^-----BEGIN CERTIFICATE-----$/m.test(pem)) return refuse('a file with a PEM certificate');
  if (pem.length > LONGEST_PEM) return refuse(`a file of at most ${LONGEST_PEM} characters: only the authority's own`);
  return pem;
}
