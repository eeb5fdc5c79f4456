import { unique } from '../../../core/model/quality.ts';
import { defineTable } from '../../../core/model/table.ts';
import { defineFeed } from '../../../core/model/tenant.ts';
import { isIata } from '../iata.ts';

/** Looked up by code, one at a time: each airport is a partition of its own. */
const table = defineTable({
  name: 'airports',
  columns: {
    iata: 'text',
    name: 'text',
    city: 'text',
    state: 'text',
    country: 'text',
    latitude: 'double',
    longitude: 'double',
  },
  partitionKey: ['iata'],
});

const LATITUDE = { min: -90, max: 90 };
const LONGITUDE = { min: -180, max: 180 };
/** What the list says where it does not know. */
const UNKNOWN = ['NA'];

export default defineFeed({
  name: 'airports',
  description: 'Airports that flights may name, with their place',
  formats: ['csv', 'ndjson'],
  table,
  // The list comes whole: one that has an airport twice would leave open which of the two is meant.
  quality: [unique()],
  transform(fields) {
    const code = fields.text('iata');
    const row = {
      iata: code,
      name: fields.text('name'),
      city: fields.optionalText('city', UNKNOWN),
      state: fields.optionalText('state', UNKNOWN),
      country: fields.text('country'),
      latitude: fields.number('latitude', LATITUDE),
      longitude: fields.number('longitude', LONGITUDE),
    };
    // Small airfields have only a number-and-letter identifier of the FAA; no airline's flight names them.
    return isIata(code) ? row : null;
  },
});
