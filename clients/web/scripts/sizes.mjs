// Measures what a tablet loads against the budget: for 今日 and a session JavaScript ≤ 150 kB gzip, with all that comes when it
// is needed ≤ 400 kB, core ≤ 500 kB brotli. Every file that another one names must be kept by the service worker.
// Run after `npm run build`; exits with 1 when a budget is exceeded.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = join(import.meta.dirname, '..', 'dist');
const worker = readFileSync(join(dist, 'service-worker.js'), 'utf8');
const found = /"files":(\[[^\]]*\])/.exec(worker);
if (found === null) throw new Error('the service worker names no files; run the build first');
const files = JSON.parse(found[1]).filter((file) => file.startsWith('assets/'));
if (!files.every((file) => readdirSync(join(dist, 'assets')).includes(file.slice('assets/'.length)))) throw new Error('a precached file is missing');

const scripts = files.filter((file) => file.endsWith('.js'));
const text = (file) => readFileSync(join(dist, file), 'utf8');
const nameOf = (file) => file.slice('assets/'.length);
for (const file of scripts) {
  for (const [, named] of text(file).matchAll(/[`'"]\.\/([\w-]+-[\w-]{8}\.(?:js|css))[`'"]/g)) {
    if (!files.includes(`assets/${named}`)) throw new Error(`${file} names ${named}, which the service worker does not keep`);
  }
}
/** What is imported when it is needed, and what only such chunks import. */
const later = scripts.filter((file) => scripts.some((other) => text(other).includes(`import(\`./${nameOf(file)}\`)`)));
const page = readFileSync(join(dist, 'index.html'), 'utf8');
for (const file of scripts.filter((one) => !page.includes(nameOf(one)))) {
  const importers = scripts.filter((other) => other !== file && text(other).includes(`./${nameOf(file)}`));
  if (!later.includes(file) && importers.length > 0 && importers.every((other) => later.includes(other))) later.push(file);
}
const sum = (ending, measure, of = files) =>
  of.filter((file) => file.endsWith(ending)).reduce((total, file) => total + measure(readFileSync(join(dist, file))), 0);
const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

const sizes = {
  field_js_gzip_bytes: sum('.js', gzip, scripts.filter((file) => !later.includes(file))),
  all_js_gzip_bytes: sum('.js', gzip),
  field_css_gzip_bytes: sum('.css', gzip),
  core_wasm_brotli_bytes: sum('.wasm', brotli),
};
const limits = { field_js_gzip_bytes: 150_000, all_js_gzip_bytes: 400_000, core_wasm_brotli_bytes: 500_000 };
console.log(JSON.stringify(sizes));
const over = Object.entries(limits).filter(([name, limit]) => sizes[name] > limit);
for (const [name, limit] of over) console.error(`${name} is ${sizes[name]}, allowed are ${limit}`);
process.exitCode = over.length > 0 ? 1 : 0;
