import { defineTenant } from '../../../core/model/tenant.ts';
import bench from '../bench/tenant.ts';

/** A second tenant beside the first, alike in all but its name. */
export default defineTenant({ ...bench, id: 'neighbour', name: 'Neighbour' });
