import { createHash } from 'node:crypto';
import type { Fields } from '../../../core/model/fields.ts';
import { nullShare, unique } from '../../../core/model/quality.ts';
import { defineTable } from '../../../core/model/table.ts';
import { defineFeed } from '../../../core/model/tenant.ts';

/** The strikes of one state and year lie together by day: 371 partitions of at most 174 rows in the twelve years at hand. */
const table = defineTable({
  name: 'strikes_by_state',
  columns: {
    origin_state: 'text',
    year: 'int',
    flight_date: 'date',
    strike_id: 'text',
    airport: 'text',
    aircraft: 'text',
    operator: 'text',
    phase: 'text',
    time_of_day: 'text',
    wildlife_size: 'text',
    species: 'text',
    damage: 'text',
    mishap_class: 'text',
    cost_repair: 'int',
    cost_other: 'int',
    cost_total: 'int',
    speed_knots: 'int',
  },
  partitionKey: ['origin_state', 'year'],
  clusteringKey: ['flight_date', 'strike_id'],
});

/** What a report says, and so what tells it from another. */
const COLUMNS = [
  'Airport Name',
  'Aircraft Make Model',
  'Effect Amount of damage',
  'Flight Date',
  'Aircraft Airline Operator',
  'Origin State',
  'Phase of flight',
  'Wildlife Size',
  'Wildlife Species',
  'Time of day',
  'Cost Other',
  'Cost Repair',
  'Cost Total $',
  'Speed IAS in knots',
];

/** What no report lacks. */
const REQUIRED = [
  'Airport Name',
  'Effect Amount of damage',
  'Flight Date',
  'Origin State',
  'Phase of flight',
  'Wildlife Size',
  'Time of day',
  'Cost Other',
  'Cost Repair',
  'Cost Total $',
];

const PHASES = ['Approach', 'Climb', 'Descent', 'En Route', 'Landing Roll', 'Parked', 'Take-off run', 'Taxi'] as const;
const SIZES = ['Small', 'Medium', 'Large'] as const;
const TIMES = ['Dawn', 'Day', 'Dusk', 'Night'] as const;
const DAMAGES = ['None', 'Minor', 'Medium', 'Substantial', 'Destroyed'];
/** The forces report the class of the mishap, which goes by its cost, where civil operators report the damage. */
const MISHAP_CLASSES = ['A', 'B', 'C', 'D', 'E'];

const COST = { min: 0, max: 2_000_000_000 };
/** Nothing flies faster where birds do: 1,000 knots is Mach 1.5 at sea level. */
const SPEED = { min: 0, max: 1000 };

export default defineFeed({
  name: 'strikes',
  description: 'Wildlife strikes reported to the FAA, by the state of departure',
  formats: ['csv', 'ndjson'],
  table,
  contract: { required: REQUIRED, optional: COLUMNS.filter((name) => !REQUIRED.includes(name)) },
  quality: [
    {
      name: 'taxi-speed',
      description: 'nothing taxies faster than 60 knots',
      severity: 'warn',
      column: 'speed_knots',
      row: ({ phase, speed_knots }) => phase !== 'Taxi' || (speed_knots ?? 0) <= 60,
    },
    nullShare('species', 0.9),
    // See `strikeId`: two reports in the same words become one row.
    unique([], 'warn'),
  ],
  transform(fields) {
    const day = fields.date('Flight Date');
    const phase = fields.oneOf('Phase of flight', PHASES);
    const damage = fields.text('Effect Amount of damage');
    const classified = MISHAP_CLASSES.includes(damage);
    if (!classified && !DAMAGES.includes(damage)) throw fields.unfit('Effect Amount of damage', 'a known damage');
    const row = {
      origin_state: fields.text('Origin State'),
      year: Number(day.slice(0, 4)),
      flight_date: day,
      strike_id: strikeId(fields),
      airport: fields.text('Airport Name'),
      aircraft: fields.optionalText('Aircraft Make Model', ['UNKNOWN']),
      operator: operator(fields),
      phase,
      time_of_day: fields.oneOf('Time of day', TIMES),
      wildlife_size: fields.oneOf('Wildlife Size', SIZES),
      species: species(fields),
      ...(classified ? { mishap_class: damage } : { damage }),
      ...costs(fields),
      // The database has 0 where the speed was not noted.
      speed_knots: fields.optionalInteger('Speed IAS in knots', SPEED) || null,
    };
    // What flies into an aircraft that stands is no strike in flight operations.
    return phase === 'Parked' ? null : row;
  },
});

/**
 * The source has no identifier, so the report's own words make one: a report that is sent twice, in whatever file, is one
 * row. The price: two strikes told in exactly the same words are one row too (24 of the 10,000 at hand repeat another).
 */
function strikeId(fields: Fields): string {
  const words = COLUMNS.map((name) => fields.optionalText(name) ?? '').join('\u001f');
  return createHash('sha256').update(words).digest('hex').slice(0, 32);
}

/** `US AIRWAYS*`: the asterisk points to a footnote of the source. */
const operator = (fields: Fields): string | null =>
  fields.optionalText('Aircraft Airline Operator', ['UNKNOWN'])?.replace(/\*$/, '') ?? null;

/** `Unknown bird - small` names no species, and its size has a column of its own. */
function species(fields: Fields): string | null {
  const text = fields.optionalText('Wildlife Species');
  return text?.startsWith('Unknown') ? null : text;
}

function costs(fields: Fields) {
  const repair = fields.integer('Cost Repair', COST);
  const other = fields.integer('Cost Other', COST);
  const total = fields.integer('Cost Total $', COST);
  if (total !== repair + other) throw fields.unfit('Cost Total $', `the sum of the costs, ${repair + other}`);
  return { cost_repair: repair, cost_other: other, cost_total: total };
}
