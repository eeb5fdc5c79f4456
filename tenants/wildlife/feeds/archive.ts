import { defineFeed } from '../../../core/model/tenant.ts';
import strikes from './strikes.ts';

/** Whole years of old reports, which nobody waits for: they are let in once a month, and the same file only once. */
export default defineFeed({
  ...strikes,
  name: 'archive',
  description: 'Old reports of wildlife strikes in bulk, into the table of the new ones',
  hours: { cron: '0 3 1 * *', minutes: 180 },
  priority: -10,
  sameContent: 'skip',
  // Much that is wrong in a whole year means that the file is not what it should be.
  errors: { threshold: { share: 0.05 } },
});
