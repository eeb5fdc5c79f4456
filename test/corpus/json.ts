import type { Code } from '../../core/model/codes.ts';
import { bytesOf } from '../support/bytes.ts';
import type { BadFile } from './bad-file.ts';

const refused = (name: string, because: string, code: Code = 'SLU-3023', content?: () => Uint8Array): BadFile => ({
  file: `json/${name}`,
  state: 'refused',
  code,
  because,
  ...(content && { content }),
});
const loaded = (name: string, rows: BadFile['rows'], because: string): BadFile => ({
  file: `json/${name}`,
  state: 'loaded',
  rows: rows ?? [],
  because,
});
const partial = (
  name: string,
  rows: BadFile['rows'],
  rejected: BadFile['rejected'],
  because: string,
  content?: () => Uint8Array,
): BadFile => ({
  file: `json/${name}`,
  state: 'partial',
  rows: rows ?? [],
  rejected: rejected ?? [],
  because,
  ...(content && { content }),
});
const wrapped = (file: BadFile): BadFile => ({ ...file, feed: 'wrapped' });

const second = [{ id: 2 }];
const first: BadFile['rejected'] = [[1, 1, 'SLU-2001']];

/** Documents of JSON: an array of records, or one record. */
export const jsonFiles: readonly BadFile[] = [
  // What a document may be
  loaded('array.json', [{ id: 1 }, { id: 2 }], 'an array of records'),
  loaded('array-empty.json', [], 'an array may be empty'),
  loaded('array-with-empty-object.json', [{}, { id: 2 }], 'and so may a record'),
  loaded('object.json', [{ id: 1, of: [{ id: 2 }] }], 'an object is one record, whatever arrays are in it'),
  loaded('object-empty.json', [{}], 'also when it is empty'),
  partial(
    'array-of-arrays.json',
    second,
    [
      [1, 1, 'SLU-2001'],
      [3, 1, 'SLU-2001'],
    ],
    'an array has no names for its values',
  ),
  partial(
    'array-of-scalars.json',
    [{ id: 5 }],
    [
      [1, 1, 'SLU-2001'],
      [2, 1, 'SLU-2001'],
      [3, 1, 'SLU-2001'],
      [4, 1, 'SLU-2001'],
    ],
    'JSON, but no records',
  ),
  refused('scalar.json', 'a number is no record'),
  refused('null.json', 'nor is null: an export that has failed'),
  refused('text.json', 'nor is a text, although there is an array in it'),
  refused('empty.json', 'no bytes are most likely a failed export', 'SLU-3004'),
  refused('whitespace-only.json', 'there is no document'),

  // Cut off
  refused('cut-in-element.json', 'where the document ends nobody knows, so nothing of it is loaded'),
  refused('cut-in-number.json', 'a number that was cut must not pass for a smaller one'),
  refused('cut-behind-element.json', 'all records may be there, and the bracket that says so is missing'),
  refused('cut-behind-comma.json', 'another record was to come'),
  refused('cut-behind-bracket.json', 'the records were to come'),

  // Where one record ends and the next begins
  refused('comma-trailing.json', 'JSON has no comma behind the last element: one may be missing'),
  refused('comma-leading.json', 'nor before the first'),
  refused('comma-twice.json', 'between two commas a record is missing'),
  refused('comma-missing.json', 'without a comma nobody knows what was meant'),
  refused('bracket-closed-twice.json', 'something stands behind the end of the document'),
  refused('quote-unclosed.json', 'a quote left open turns texts and brackets round to the end of the document'),
  refused('array-pretty.json', 'and the line and byte are those of the record in which it was left open'),
  refused('documents-two.json', 'the second document would be lost'),
  refused('documents-then-text.json', 'so would what stands behind it'),
  partial('bracket-wrong.json', second, first, 'the brackets pair up, so the record costs itself only'),
  partial('comma-trailing-inside.json', second, first, 'a comma too many inside of a record costs the record only'),
  loaded('brackets-in-text.json', [{ id: ']}"[{' }, { id: 2 }], 'brackets inside of a text are text'),

  // What is not JSON
  partial('quotes-single.json', second, first, 'Python’s way to print a dictionary is not JSON'),
  partial('keys-not-quoted.json', second, first, 'that is JavaScript'),
  partial('nan.json', second, first, 'JSON has no such number'),
  partial('newline-in-text.json', second, first, 'a newline inside of a text must be escaped'),
  partial('keys-twice.json', [{ id: 3 }], [[1, 1, 'SLU-2011']], 'of two values one would be lost'),
  refused('comments.json', 'JSON has no comments'),
  refused('comments-inside.json', 'nor between its records'),
  refused('really-ndjson.json', 'an object a line is sent as .ndjson; the first line must not pass for the document'),
  refused('really-csv.json', 'no JSON begins with this letter'),
  refused('really-xml.json', 'nor with a bracket of XML'),
  refused('really-html.json', 'the error page of a server'),
  refused('really-jsonp.json', 'a call of JavaScript'),

  // Encodings and values
  loaded('bom.json', [{ id: 1 }], 'the byte order mark is no part of the document'),
  refused('bom-utf-16-le.json', 'UTF-16 is not UTF-8', 'SLU-3006'),
  refused('nul.json', 'a zero byte near the start is what binary files have', 'SLU-3006'),
  partial('latin-1.json', second, [[1, 1, 'SLU-3006']], 'which letter the byte stands for is not guessed'),
  loaded('surrogate-in-text.json', [{ id: '🦥' }], 'a pair of escapes is one character'),
  loaded(
    'numbers.json',
    [{ id: 9007199254740993n }, { id: { text: '1e400' } }, { id: -0 }, { id: 0.1 }],
    'numbers that JavaScript would round or lose are kept as they are written',
  ),

  // A path to the records
  wrapped(loaded('path.json', [{ id: 1 }, { id: 2 }], 'the array where the feed says, and no other of the name')),
  wrapped(loaded('path-to-object.json', [{ id: 1 }], 'one record where an array may be')),
  wrapped(loaded('path-escaped.json', [{ id: 1 }], 'a name is a name, however it is written')),
  wrapped(refused('path-missing.json', 'another document than was meant must not pass for one without records')),
  wrapped(refused('path-twice.json', 'of two arrays one would be lost')),
  wrapped(refused('path-to-scalar.json', 'null is no array: an export that has failed')),
  wrapped(refused('path-through-array.json', 'a path leads through objects')),
  wrapped(refused('path-not-object.json', 'there is no name to follow')),
  wrapped(refused('path-broken-behind.json', 'what stands behind the records is read to its end too')),

  // Too much
  partial('element-giant.json', second, [[1, 1, 'SLU-2009']], 'a record that is too long is passed as it comes', () =>
    bytesOf(`[{"id":"${'x'.repeat(1_000_000)}"},{"id":2}]`),
  ),
  refused('element-endless.json', 'it never ends, and costs no memory', 'SLU-3023', () =>
    bytesOf(`[{"id":1},{"id":"${'x'.repeat(3_000_000)}`),
  ),
  partial('deep.json', second, [[1, 1, 'SLU-2012']], 'deeper than the platform’s cap', () =>
    bytesOf(`[{"a":${'['.repeat(5000)}${']'.repeat(5000)}},{"id":2}]`),
  ),
  refused('deep-unclosed.json', 'brackets that are never closed run no parser out of stack', 'SLU-3023', () =>
    bytesOf(`[{"a":${'['.repeat(1_000_000)}`),
  ),
  partial(
    'deep-as-record.json',
    second,
    [[1, 1, 'SLU-2009']],
    'a record of nothing but brackets is too long before it is too deep',
    () => bytesOf(`[${'['.repeat(100_000)}${']'.repeat(100_000)},{"id":2}]`),
  ),
  refused('elements-too-many.json', 'more rows than the profile allows', 'SLU-3007', () =>
    bytesOf(`[${'{},'.repeat(50_000)}{}]`),
  ),
];
