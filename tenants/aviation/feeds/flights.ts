import { range } from '../../../core/model/quality.ts';
import { defineTable } from '../../../core/model/table.ts';
import { defineFeed } from '../../../core/model/tenant.ts';
import { iata } from '../iata.ts';

/** One airport's departures of one day lie together, in the order in which they left. */
const table = defineTable({
  name: 'flights_by_origin',
  columns: {
    origin: 'text',
    day: 'date',
    departed_at: 'timestamp',
    flight_id: 'text',
    destination: 'text',
    delay_minutes: 'int',
    delay_class: 'text',
    on_time: 'boolean',
    distance_miles: 'int',
    distance_km: 'int',
  },
  partitionKey: ['origin', 'day'],
  clusteringKey: ['departed_at', 'flight_id'],
});

/** US carriers have reported arrivals since October 1987 (14 CFR Part 234). */
const FIRST_REPORT = Date.UTC(1987, 9, 1);
/** Shorter hops only place an aircraft or join two legs of one flight: the tenant has no use for them. */
const SHORTEST_MILES = 50;
const KM_PER_MILE = 1.609344;

/** Nobody arrives three hours early or flies further than half around the earth: such values are slips of the pen. */
const DELAY = { min: -180, max: 2880 };
const DISTANCE = { min: 0, max: 12_450 };

export default defineFeed({
  name: 'flights',
  description: 'US domestic flights with their delay on arrival, by the airport they left',
  // No cell of theirs holds a line end: a large file can be cut at any line, and loaded in parts.
  formats: [{ format: 'csv', multiline: false }, 'ndjson', 'json', 'parquet', { format: 'xml', record: 'flight' }],
  table,
  quality: [
    {
      ...range('delay_minutes', { max: 720 }, 'warn'),
      name: 'long-delay',
      description: 'nobody arrives more than half a day late',
    },
  ],
  transform(fields) {
    const origin = iata(fields, 'origin');
    const destination = iata(fields, 'destination');
    const departedAt = fields.timestamp('date');
    if (departedAt.getTime() < FIRST_REPORT) throw fields.unfit('date', 'in or after October 1987');
    const delay = fields.integer('delay', DELAY);
    const miles = fields.integer('distance', DISTANCE);
    const flightId = fields.text('flight_id');
    if (origin === destination || miles < SHORTEST_MILES) return null;
    return {
      origin,
      day: departedAt.toISOString().slice(0, 10),
      departed_at: departedAt,
      flight_id: flightId,
      destination,
      delay_minutes: delay,
      delay_class: delayClass(delay),
      on_time: delay < 15,
      distance_miles: miles,
      distance_km: Math.round(miles * KM_PER_MILE),
    };
  },
});

/**
 * The US Department of Transportation's terms: a flight is on time when it arrives less than 15 minutes after its
 * published time (14 CFR 234.2), and a domestic delay of three hours or more entitles to a refund (14 CFR 260.2).
 */
function delayClass(minutes: number): 'early' | 'on_time' | 'late' | 'significant' {
  if (minutes < 0) return 'early';
  if (minutes < 15) return 'on_time';
  return minutes < 180 ? 'late' : 'significant';
}
