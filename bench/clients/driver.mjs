import cassandra from 'cassandra-driver';

/** What the clients of our own that are no Sluice have in common: the connection, and the two tables. */
export const connect = (port) =>
  new cassandra.Client({
    contactPoints: [`127.0.0.1:${port}`],
    localDataCenter: 'datacenter1',
    credentials: { username: 'cassandra', password: 'cassandra' },
    queryOptions: { prepare: true, consistency: cassandra.types.consistencies.localQuorum },
  });

const whole = Number;
const instant = (text) => new Date(text);
const day = (text) => cassandra.types.LocalDate.fromString(text);
const text = (value) => value;

/** How each column of a file becomes what the driver takes, in the file's order. */
const casts = {
  flights: {
    flight_id: text,
    departed_at: instant,
    day,
    origin: text,
    destination: text,
    delay: whole,
    distance: whole,
  },
  comments: { id: text, author: text, forum: text, created_at: instant, score: whole, body: text },
};

export const castsOf = (table) => Object.values(casts[table]);

export function insertInto(table) {
  const names = Object.keys(casts[table]);
  return `INSERT INTO bench.${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
}

/** The columns that make a partition of flights, by their place. */
export const partitionOf = (row) => `${row[3]} ${row[2]}`;
