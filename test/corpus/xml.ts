import type { Code } from '../../core/model/codes.ts';
import { bytesOf } from '../support/bytes.ts';
import type { BadFile } from './bad-file.ts';

const refused = (name: string, because: string, code: Code = 'SLU-3023', content?: () => Uint8Array): BadFile => ({
  file: `xml/${name}`,
  state: 'refused',
  code,
  because,
  ...(content && { content }),
});
const loaded = (name: string, rows: BadFile['rows'], because: string): BadFile => ({
  file: `xml/${name}`,
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
  file: `xml/${name}`,
  state: 'partial',
  rows: rows ?? [],
  rejected: rejected ?? [],
  because,
  ...(content && { content }),
});
const entries = (file: BadFile): BadFile => ({ ...file, feed: 'entries' });
const first = (code: Code): BadFile['rejected'] => [[1, 1, code]];

/** XML, of which each child of the root is a record unless the feed names an element. */
export const xmlFiles: readonly BadFile[] = [
  loaded(
    'whole.xml',
    [
      { id: '1', name: 'Ann' },
      { id: '2', name: 'Bob' },
    ],
    'attributes and elements are fields',
  ),
  loaded('rows-none.xml', [], 'a root may be empty'),
  loaded('declaration-none.xml', [{ id: '1' }], 'the declaration may be left out'),

  // Document type declarations
  refused('dtd.xml', 'a declaration may define entities, so none is taken', 'SLU-3024'),
  refused('dtd-entity-bomb.xml', 'a few lines that would grow without end', 'SLU-3024'),
  refused('dtd-external-entity.xml', 'an entity that would read a file of the machine', 'SLU-3024'),
  refused('dtd-external.xml', 'a declaration that would be fetched', 'SLU-3024'),
  refused('dtd-parameter-entity.xml', 'an entity that would be fetched before anything is read', 'SLU-3024'),
  refused('really-html.xml', 'the error page of a server has one too', 'SLU-3024'),

  // Entities
  loaded('entities.xml', [{ id: '1', name: '<A&A🦥"\'>' }], 'the five entities and characters by number are read'),
  refused('entity-unknown.xml', 'XML has no &nbsp;: that is HTML'),
  refused('entity-not-closed.xml', 'an ampersand begins an entity'),
  refused('entity-of-control-character.xml', 'XML has no zero character, by number neither'),
  refused('entity-of-surrogate.xml', 'half a pair is no character'),

  // Cut off and put together
  refused('unclosed.xml', 'the record may go on'),
  refused('unclosed-root.xml', 'all records may be there, and the tag that says so is missing'),
  refused('cut-in-tag.xml', 'the file was cut in a tag'),
  refused('cut-in-text.xml', 'a text that was cut must not pass for a shorter one'),
  refused('cut-in-character.xml', 'half a character is not UTF-8', 'SLU-3006'),
  refused('cut-in-comment.xml', 'records may be missing behind a comment that never ends'),
  refused('cut-in-cdata.xml', 'nor does a section'),
  refused('mismatched.xml', 'names are compared letter by letter'),
  refused('crossed.xml', 'elements lie inside of each other'),
  refused('closed-twice.xml', 'there is nothing left to close'),
  refused('roots-two.xml', 'the records of the second root would be lost'),
  refused('then-text.xml', 'something stands behind the end'),
  refused('before-declaration.xml', 'the declaration comes first of all, before any newline'),

  // Encodings
  loaded('bom.xml', [{ id: '1' }], 'the byte order mark is no part of the document'),
  refused('bom-utf-16-le.xml', 'UTF-16 is not UTF-8', 'SLU-3006'),
  refused('declaration-latin-1.xml', 'it says what it is, and that is not UTF-8', 'SLU-3006'),
  refused('declaration-utf-16.xml', 'it says that it is UTF-16 and is not: one of the two is wrong', 'SLU-3006'),
  refused('declaration-version-2.xml', 'there is no such version'),
  refused('latin-1-unsaid.xml', 'without a declaration it is UTF-8, and this is not', 'SLU-3006'),
  refused('nul.xml', 'a zero byte near the start is what binary files have', 'SLU-3006'),
  refused('control-character.xml', 'XML has no such character'),

  // Attributes and elements
  refused('attribute-twice.xml', 'an attribute is there once'),
  refused('attribute-without-quotes.xml', 'that is HTML'),
  refused('attribute-without-value.xml', 'so is this'),
  refused('attribute-with-less-than.xml', 'a tag may begin there'),
  loaded('attribute-newline.xml', [{ id: 'a b c' }], 'the recommendation makes blanks of line ends in attributes'),
  partial('element-twice.xml', [{ id: '3' }], first('SLU-2011'), 'of two values one would be lost'),
  partial('element-as-attribute.xml', [{ id: '3' }], first('SLU-2011'), 'an attribute and an element are one field'),
  partial('element-proto.xml', [{ constructor: '2' }], first('SLU-2001'), 'it would change the record'),
  loaded('elements-empty.xml', [{ a: '', b: '', c: ' ' }], 'an empty element is an empty text, and a blank is a blank'),
  loaded('nil.xml', [{ a: null, b: '1' }], 'what XML Schema calls nil is null'),
  partial('mixed-content.xml', [{ name: 'Bob' }], first('SLU-2001'), 'the order of text and elements would be lost'),
  loaded('text-and-attribute.xml', [{ amount: { currency: 'EUR', '#text': '3' } }], 'both are kept'),
  refused('tag-name-number.xml', 'a name begins with a letter'),
  loaded('namespaces.xml', [{ 'r:id': '1', name: 'Ann' }], 'a name is taken as it is written, with its prefix'),
  loaded('namespace-undeclared.xml', [{ id: '1' }], 'and what the prefix stands for is not asked'),

  // Sections, comments, instructions, line ends
  loaded('cdata.xml', [{ name: '<Ann & "Lee">' }], 'a section is text'),
  refused('cdata-end-in-text.xml', 'the end of a section stands where none has begun'),
  loaded('comments.xml', [{ name: 'Ann' }], 'a comment is nothing, and cuts no text'),
  refused('comment-with-dashes.xml', 'two dashes end a comment'),
  loaded('processing-instructions.xml', [{ id: '1' }], 'instructions are for others, and nobody follows them here'),
  loaded('crlf.xml', [{ name: 'Ann\nLee' }], 'the recommendation makes one newline of both'),

  // Records by the name of their element
  entries(loaded('record-named.xml', [{ '@id': '1' }, { '@id': '2' }], 'wherever the element is')),
  entries(refused('record-named-missing.xml', 'another document must not pass for one without records')),
  entries(
    loaded('record-inside-record.xml', [{ '@id': '1', entry: { '@id': '2' } }], 'inside of a record it is a field'),
  ),

  // Other things under the name
  refused('really-json.xml', 'text stands outside of the root'),
  refused('really-csv.xml', 'so does this'),
  loaded('really-svg.xml', [{ width: '1' }], 'a picture is XML; a feed that reads `id` would reject it'),
  refused('empty.xml', 'no bytes are most likely a failed export', 'SLU-3004'),
  refused('whitespace-only.xml', 'there is no root'),

  // Too much
  partial('record-giant.xml', [{ id: '2' }], first('SLU-2009'), 'a record that is too long costs itself', () =>
    bytesOf(`<rows><row><id>${'x'.repeat(200_000)}</id></row><row><id>2</id></row></rows>`),
  ),
  refused('text-endless.xml', 'a text without end would fill the memory', 'SLU-3025', () =>
    bytesOf(`<rows><row>${'x'.repeat(3_000_000)}`),
  ),
  refused('attribute-endless.xml', 'so would an attribute', 'SLU-3025', () =>
    bytesOf(`<rows><row id="${'x'.repeat(3_000_000)}`),
  ),
  refused('comment-endless.xml', 'and a comment', 'SLU-3025', () => bytesOf(`<rows><!--${'x'.repeat(3_000_000)}`)),
  refused('deep.xml', 'deeper than anything means anything', 'SLU-3025', () => bytesOf('<a>'.repeat(100_000))),
  partial(
    'record-deep.xml',
    [{ id: '2' }],
    first('SLU-2012'),
    'a record that is deeper than the platform’s cap costs itself',
    () => bytesOf(`<rows><row>${'<a>'.repeat(120)}${'</a>'.repeat(120)}</row><row id="2"/></rows>`),
  ),
  refused('rows-too-many.xml', 'more rows than the profile allows', 'SLU-3007', () =>
    bytesOf(`<rows>${'<row/>'.repeat(50_001)}</rows>`),
  ),
];
