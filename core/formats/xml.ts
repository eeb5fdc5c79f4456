import { SaxesParser } from 'saxes';
import type { XmlSettings } from '../model/formats.ts';
import type { Rejection, Row } from '../model/row.ts';
import { decode, type Reader, Unreadable } from './format.ts';
import { recordBuilder } from './xml-records.ts';

/**
 * XML, of which a repeated element is the record: the one that the settings name, or each child of the root. Document type declarations
 * are refused, and with them all entities but the five of XML itself, so that nothing can grow and nothing is fetched. What is not well-formed
 * refuses the file, as the recommendation demands.
 */
export const xmlReader = (settings: XmlSettings): Reader =>
  async function* (source, options) {
    const parser = new SaxesParser({ position: true });
    let gathered: (Row | Rejection)[] = [];
    const records = recordBuilder(settings, options, parser, (item) => gathered.push(item));
    parser.on('error', ({ message }) => {
      throw new Unreadable('SLU-3023', `line ${message.replace(':', ', column ')}`);
    });
    parser.on('doctype', () => {
      throw new Unreadable('SLU-3024', `line ${parser.line}: it has a document type declaration (DTD)`);
    });
    parser.on('xmldecl', ({ encoding }) => {
      if (!encoding || /^(utf-?8|us-ascii)$/i.test(encoding)) return;
      throw new Unreadable('SLU-3006', `it says that it is ${encoding}; only UTF-8 is read`);
    });
    for await (const part of decode(source)) {
      if ('code' in part) throw new Unreadable(part.code, part.message);
      records.add(part);
      try {
        // Lone surrogates stand for the bytes that are not UTF-8.
        const end = part.exact ? -1 : part.text.search(/\p{Surrogate}/u);
        parser.write(end === -1 ? part.text : part.text.slice(0, end));
        if (end !== -1) throw new Unreadable('SLU-3006', `line ${parser.line}: bytes that are not UTF-8`);
        records.settle();
      } catch (error) {
        // What has been read before a refusal does not hang on where the bytes were cut.
        yield { items: gathered };
        throw error;
      }
      if (gathered.length > 0) yield { items: gathered };
      gathered = [];
    }
    parser.close();
    records.end();
  };
