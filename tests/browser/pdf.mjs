// What a printed file of Chromium holds: the text of each sheet, its size, and how many pictures there are.
//
// Reads what Skia writes and no more: plain objects, deflated streams, fonts with a ToUnicode table (glyphs of one byte in
// drawn fonts, of two in others), and letters it names beside a glyph (ActualText).

import { inflateSync } from 'node:zlib';

/** The objects by number: their dictionary as text, and their stream when they have one. */
function objectsOf(file) {
  const text = file.toString('latin1');
  const found = new Map();
  for (const match of text.matchAll(/(?:^|\n)(\d+) 0 obj\n/g)) {
    const start = match.index + match[0].length;
    const end = text.indexOf('endobj', start);
    const body = text.slice(start, end);
    const at = body.indexOf('stream\n');
    if (at < 0) {
      found.set(Number(match[1]), { words: body, stream: null });
      continue;
    }
    const words = body.slice(0, at);
    const length = Number(/\/Length (\d+)(?! 0 R)/.exec(words)?.[1]);
    const bytes = file.subarray(start + at + 7, start + at + 7 + length);
    found.set(Number(match[1]), { words, stream: words.includes('/FlateDecode') && !words.includes('/Image') ? inflateSync(bytes).toString('latin1') : null });
  }
  return found;
}

const letters = (hex) => Buffer.from(hex, 'hex').swap16().toString('utf16le');

/** Glyph → letters, from a ToUnicode table. */
function tableOf(text) {
  const table = new Map();
  for (const [, block] of text.matchAll(/beginbfchar\n([\s\S]*?)endbfchar/g)) {
    for (const [, glyph, to] of block.matchAll(/<(\w+)> <(\w+)>/g)) table.set(parseInt(glyph, 16), letters(to));
  }
  for (const [, block] of text.matchAll(/beginbfrange\n([\s\S]*?)endbfrange/g)) {
    for (const [, from, until, to] of block.matchAll(/<(\w+)> <(\w+)> <(\w+)>/g)) {
      const first = parseInt(from, 16);
      for (let glyph = first; glyph <= parseInt(until, 16); glyph += 1) table.set(glyph, String.fromCodePoint(letters(to).codePointAt(0) + glyph - first));
    }
  }
  return table;
}

/** `{ pages: [{ text, width, height }], pictures }`, sizes in points; text without spaces, in the order it was drawn. */
export function readPdf(file) {
  const objects = objectsOf(file);
  const tables = new Map();
  for (const [number, { words }] of objects) {
    const table = /\/ToUnicode (\d+) 0 R/.exec(words)?.[1];
    if (table !== undefined) tables.set(number, { table: tableOf(objects.get(Number(table)).stream), digits: words.includes('/Type3') ? 2 : 4 });
  }
  const resources = (words) => {
    const pointed = /\/Resources (\d+) 0 R/.exec(words)?.[1];
    return pointed === undefined ? words : objects.get(Number(pointed)).words;
  };
  const textOf = ({ words, stream }) => {
    const fonts = new Map([...resources(words).matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, number]) => [name, tables.get(Number(number))]));
    const forms = new Map([...resources(words).matchAll(/\/(X\d+) (\d+) 0 R/g)].map(([, name, number]) => [name, objects.get(Number(number))]));
    let written = null;
    let isNamed = false;
    let said = '';
    for (const [, named, ended, font, form, hex] of stream.matchAll(/\/ActualText <FEFF(\w+)>|\b(EMC)\b|\/(F\d+) [\d.]+ Tf|\/(X\d+) Do|<([0-9A-Fa-f]+)>/g)) {
      if (named !== undefined) said += letters(named);
      if (named !== undefined || ended !== undefined) isNamed = named !== undefined;
      else if (font !== undefined) written = fonts.get(font) ?? null;
      else if (form !== undefined) said += forms.get(form)?.words.includes('/Form') ? textOf(forms.get(form)) : '';
      else if (!isNamed && written !== null) {
        for (let at = 0; at < hex.length; at += written.digits) said += written.table.get(parseInt(hex.slice(at, at + written.digits), 16)) ?? '';
      }
    }
    return said.replaceAll(/\s/g, '');
  };
  const pages = [...objects.values()].filter(({ words }) => /\/Type \/Page\b(?!s)/.test(words)).map(({ words }) => {
    const contents = objects.get(Number(/\/Contents (\d+) 0 R/.exec(words)[1]));
    const [, , width, height] = /\/MediaBox \[([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+)\]/.exec(words).slice(1).map(Number);
    return { text: textOf({ words, stream: contents.stream }), width, height };
  });
  return { pages, pictures: [...objects.values()].filter(({ words }) => words.includes('/Subtype /Image')).length };
}
