import { Cron } from 'croner';
import { show } from './show.ts';

/** The moments of a cron expression, UTC. Throws for what is none. */
export const scheduleOf = (cron: string): Cron => new Cron(cron, { mode: '5-part', timezone: 'UTC' });

/** What is wrong with a cron expression of a profile; null when it has moments. */
export function cronProblem(cron: string): string | null {
  const fields = cron.trim().split(/\s+/).length;
  const expected = 'five fields: minute, hour, day of the month, month, day of the week; such as "30 2 * * 1-5"';
  if (fields !== 5) return `${show(cron)} has ${fields} ${fields === 1 ? 'field' : 'fields'}; expected are ${expected}`;
  // The library reads it as the moment at which it is asked, so that every moment would match.
  if (cron.includes('?')) return `${show(cron)} has a "?"; "*" stands for every value`;
  try {
    if (scheduleOf(cron).nextRun(new Date('2000-01-01T00:00:00Z'))) return null;
    return `${show(cron)} never comes: no day of the calendar matches it`;
  } catch (error) {
    const why = (error as Error).message.replace(/^CronPattern: /, '');
    return `${show(cron)} is no cron expression: ${why}; expected are ${expected}`;
  }
}
