/**
 * The closed list of everything that Sluice can tell a person has gone wrong: `code: [title, remedy]`.
 * The first digit says where it happened: 1 the machine and the local stack, 2 a row, 3 a delivery (file or message),
 * 4 a profile or a command line, 5 the world around a function. `docs/errors.md` has a section for each code.
 */
export const codes = {
  'SLU-1001': ['a needed program is missing or too old', 'install the version that the message names'],
  'SLU-1002': ['a port is taken', 'stop what holds the port or choose another in the settings'],
  'SLU-1003': ['a part of the local stack did not start', 'read its log with `sluice logs <part>`'],
  'SLU-1004': ['the local stack is not running', 'start it with `sluice up`'],
  'SLU-1005': ['a download failed', 'check the network, then run the same command again'],
  'SLU-1006': ['the deployment failed', 'read the lines above, mend the cause, then run `sluice deploy` again'],
  'SLU-1007': ['the platform is not deployed', 'deploy it with `sluice deploy`'],
  'SLU-1008': [
    'the disk is full or cannot be written',
    'free some space or permit writing, then run the same command again',
  ],

  'SLU-2001': ['the record cannot be parsed', 'mend the record at the named position'],
  'SLU-2002': ['the record has too few or too many columns', 'give every record the columns of the header'],
  'SLU-2003': ['a column that the key needs is missing or empty', 'fill the named column'],
  'SLU-2004': ['a value does not fit its column', 'give the named column a value of its type'],
  'SLU-2005': [
    'the transform returned a column that the table does not have',
    'return only columns of the feed’s table',
  ],
  'SLU-2006': ['the transform threw', 'mend the transform or the record'],
  'SLU-2007': [
    'the transform returned something that is not a row',
    'return a row, a list of rows, or null to drop the record',
  ],
  'SLU-2008': ['the database refuses the row', 'read the database’s message and mend the row'],
  'SLU-2009': [
    'the record is larger than the profile allows',
    'send smaller records or raise the limit in the profile',
  ],
  'SLU-2010': ['the transform did not return in time', 'make the transform finish; it must not wait'],
  'SLU-2011': ['the record holds a name twice', 'give each name once: of two values one would be lost'],
  'SLU-2012': ['the record is nested too deeply', 'send flatter records'],
  'SLU-2018': ['the record breaks a quality rule', 'mend the record, or the rule that the message names'],
  'SLU-2019': ['a quality rule cannot judge the record', 'mend the rule: it answers true or false, at once'],
  'SLU-2020': [
    'the record has a column that the feed does not know',
    'leave the column out, or declare it in the feed’s contract',
  ],
  'SLU-2021': ['the record repeats the key of one before it', 'send each key once in a file'],
  'SLU-2022': ['the aggregated record is broken', 'mend the producer that puts messages together, and send them again'],
  'SLU-2023': ['the function died on the message', 'mend the transform or the message, then `sluice replay` the run'],

  'SLU-3001': ['the key names no feed of the tenant', 'upload to <staging bucket>/<feed>/<file>'],
  'SLU-3002': ['the file’s extension is not one that the feed takes', 'send one of the formats that the message names'],
  'SLU-3003': ['the file is larger than the profile allows', 'split the file or raise the limit in the profile'],
  'SLU-3004': ['the file is empty', 'upload the file again with its content'],
  'SLU-3005': ['the object was deleted before it was read', 'upload the file again'],
  'SLU-3006': ['the text is not UTF-8', 'convert it to UTF-8 and send it again'],
  'SLU-3007': ['the file has more rows than the profile allows', 'split the file or raise the limit in the profile'],
  'SLU-3008': ['the message names no feed of the tenant', 'name a feed of the tenant in the envelope’s `feed`'],
  'SLU-3009': ['the file’s header is unusable', 'give the file a header line with each column once'],
  'SLU-3011': [
    'the object cannot be read',
    'upload it again, encrypted by the bucket’s own key and in a storage class that is read at once',
  ],

  'SLU-3012': [
    'a later version of the file has loaded',
    'nothing to do, or upload the file again to make it the latest',
  ],
  'SLU-3013': ['the file waits for the tenant’s hours', 'nothing to do: it is loaded when they begin'],
  'SLU-3014': [
    'the same content has been loaded already',
    'nothing to do, or `sluice replay` the run to load it all the same',
  ],
  'SLU-3015': ['the file is larger than a whole day’s quota', 'split the file or raise the quota in the profile'],
  'SLU-3016': [
    'the file waits for the next day’s quota',
    'nothing to do: it is loaded after midnight UTC; or raise the quota',
  ],
  'SLU-3017': ['the file waits for its turn', 'nothing to do: it is loaded when another one has ended'],
  'SLU-3020': [
    'the file is not what its extension says',
    'give the key the extension of its content, or compress it as the extension says',
  ],
  'SLU-3021': ['the compressed file is damaged or cut off', 'compress and upload it again'],
  'SLU-3022': ['the file grows too large when it is decompressed', 'split it into smaller files'],
  'SLU-3023': ['the file is damaged, or no document of its format', 'write it anew with a tool that knows the format'],
  'SLU-3024': ['the file uses something that Sluice does not read', 'send it without what the message names'],
  'SLU-3025': ['the file is built beyond the platform’s bounds', 'write it in smaller parts, as the message says'],
  'SLU-3019': [
    'the run was stopped by a person',
    'nothing to do; `sluice replay` the run to load the file all the same',
  ],
  'SLU-3018': [
    'the upload has more files than the profile allows',
    'upload fewer at a time, or raise filesPerUpload in the profile',
  ],

  'SLU-3026': [
    'the file has more bad records than the feed allows',
    'mend the records that `sluice rejects` shows, and send the file again',
  ],
  'SLU-3027': [
    'the file breaks a quality rule',
    'mend what the message names and send the file again, or mend the rule',
  ],

  'SLU-3028': [
    'the file is too large to be read from its start again and again',
    'send it uncompressed as CSV, NDJSON or Parquet, or in smaller files',
  ],

  'SLU-3030': ['the message names no sink', 'name one of the sinks that the message gives, or none'],
  'SLU-3031': [
    'the day’s quota of messages is used up',
    'nothing to do if the profile keeps them; else `sluice replay` the run, or raise the quota',
  ],
  'SLU-3032': [
    'more bytes of messages came than the profile allows',
    'send more slowly or raise the limit; what the profile keeps is loaded by itself',
  ],
  'SLU-3033': ['the rejected message was not stored whole', 'put the message on the stream again'],

  'SLU-4001': ['a profile is invalid', 'mend the places that the message names'],
  'SLU-4002': ['an unknown tenant, feed or run', 'use one of the names that the message gives'],
  'SLU-4003': ['the command line is wrong', 'see `sluice <command> --help`'],
  'SLU-4004': ['a setting is wrong', 'mend the setting that the message names'],
  'SLU-4005': ['the deployment on AWS cannot be reached', 'check region, profile and rights (docs/aws.md)'],
  'SLU-4006': [
    'the records have no column of that name for their key',
    'name one of the columns, or leave out --partition-key',
  ],
  'SLU-4007': [
    'the stream is beyond a threshold, and its profile allows no more',
    'raise the limits in `stream.scaling`, or the threshold; see `sluice decisions <tenant>`',
  ],
  'SLU-4008': ['a load trace cannot be read', 'mend the line that the message names'],

  'SLU-5001': ['the database does not answer', 'nothing to do: the delivery is tried again by itself'],
  'SLU-5002': ['an AWS service does not answer', 'nothing to do: the delivery is tried again by itself'],
  'SLU-5003': ['the function’s time is used up', 'nothing to do: the delivery is tried again by itself'],
  'SLU-5004': ['the function is wrongly configured', 'deploy again; if it stays, report it'],
  'SLU-5005': ['the counts of a run do not balance', 'report it together with the run’s id'],
  'SLU-5006': ['an unexpected error', 'report it together with the log of the function'],
  'SLU-5007': [
    'the stream does not take records',
    'see that the stream exists and what it takes, then send again what the message names',
  ],
  'SLU-5008': [
    'the stream waits for the database',
    'help the database: more functions would make it worse; see `sluice decisions <tenant>`',
  ],
  'SLU-5009': [
    'the function died again and again on a part of a file',
    'read the function’s log, mend what kills it, then `sluice replay` the run',
  ],
} as const satisfies Record<string, readonly [title: string, remedy: string]>;

export type Code = keyof typeof codes;
