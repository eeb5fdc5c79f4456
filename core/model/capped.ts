import { caps } from './caps.ts';
import type { Limits } from './tenant.ts';

/** Limits of a day, of a moment and of an upload hold for every tenant: where a profile names none, the platform's own do. */
type Capped = Required<Limits>;

/** The limits that count: the profile's, and never more than the platform's. */
export function capped(limits: Limits): Capped {
  const least = (name: keyof Capped): number => Math.min((limits as Partial<Capped>)[name] ?? caps[name], caps[name]);
  return {
    ...limits,
    maxFileBytes: least('maxFileBytes'),
    maxFileRows: least('maxFileRows'),
    maxMessageBytes: least('maxMessageBytes'),
    filesPerDay: least('filesPerDay'),
    bytesPerDay: least('bytesPerDay'),
    rowsPerDay: least('rowsPerDay'),
    filesAtOnce: least('filesAtOnce'),
    filesPerUpload: least('filesPerUpload'),
    messagesPerDay: least('messagesPerDay'),
    messageBytesPerDay: least('messageBytesPerDay'),
    messageBytesPerSecond: least('messageBytesPerSecond'),
  };
}
