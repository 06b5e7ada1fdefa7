/// <reference types="vitest/config" />
// How the two entries are built, one after the other into one folder: `index.html` (field app) with its service worker of a
// fixed name, then `office.html` (console). They share sources but no chunk, so that a tablet never loads what only the
// console uses. The list of the field app's files is put into the service worker before the console's come.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { build, defineConfig, type Plugin } from 'vite';

const root = import.meta.dirname;
const SERVICE_WORKER = 'service-worker.js';
const PLACEHOLDER = '__PRECACHE__';
const OFFICE = 'office';

/** Every file below a folder, as URL paths relative to it. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** Writes the precache list and its version into the service worker. */
function precache(): Plugin {
  return {
    name: 'tsudoi-precache',
    apply: 'build',
    writeBundle(options) {
      const folder = options.dir ?? join(root, 'dist');
      const kept = filesBelow(folder)
        .filter((file) => file !== SERVICE_WORKER && !file.endsWith('.map'))
        .sort();
      const digest = createHash('sha256');
      for (const file of kept) digest.update(file).update(readFileSync(join(folder, file)));
      const list = { version: digest.digest('hex').slice(0, 12), files: kept };
      const target = join(folder, SERVICE_WORKER);
      const text = readFileSync(target, 'utf8');
      if (!text.includes(PLACEHOLDER)) throw new Error('the service worker has no place for the precache list');
      writeFileSync(target, text.replace(PLACEHOLDER, () => JSON.stringify(list)));
    },
  };
}

/** Builds the console after the field app, beside it. */
function thenOffice(): Plugin {
  return {
    name: 'tsudoi-then-office',
    apply: 'build',
    async closeBundle() {
      await build({ root, configFile: join(root, 'vite.config.ts'), mode: OFFICE });
    },
  };
}

const OTHER_LANGUAGE = /[/\\]intl[/\\].*[/\\](?!ja-JP|en-US)[a-z]{2}-[A-Z]{2}\.m?js$/;

/** Leaves out what React Aria would say in other languages. */
function oneLanguage(): Plugin {
  return {
    name: 'tsudoi-one-language',
    enforce: 'pre',
    load: (id) => (OTHER_LANGUAGE.test(id) ? 'export default {};' : null),
    transform: (code, id) => (id.includes('intlStrings') ? { code: code.replace(/"(?!ja-JP|en-US)[a-z]{2}-[A-Z]{2}":\s*[$\w]+,?/g, ''), map: null } : null),
  };
}

/** Chunks that are loaded when they are needed have no style of their own, so that nothing is to be fetched ahead of them. */
function bareImports(): Plugin {
  return {
    name: 'tsudoi-bare-imports',
    enforce: 'pre',
    load: (id) => (id === '\0vite/preload-helper.js' ? 'export const __vitePreload = (load) => load();' : null),
  };
}

/** What is not part of a first start. All the rest stays one file: in pieces it would compress worse. */
const LATER = /[/\\]src[/\\](features[/\\](pass|device|records|summary)[/\\]|features[/\\](enrol[/\\]|session[/\\](choose-lecturer|finish)\.|lock[/\\](lock|recover)\.)|ui[/\\]dialog\.|i18n[/\\]ja-(pass|tablet|enrol)|core[/\\]personal\.|sw[/\\])/;
/** What only sheets are made of. */
const SHEETS = /[/\\]react-aria-components[/\\]dist[/\\]private[/\\](Modal|Dialog)\.|[/\\]react-aria[/\\].*[/\\](overlays|dialog|aria-modal-polyfill)[/\\]/;
const ONE_FILE = { groups: [{ name: 'app', test: (id: string) => !LATER.test(id) && !SHEETS.test(id) }] };

const FIELD_INPUT = { index: join(root, 'index.html'), 'service-worker': join(root, 'src/sw/service-worker.ts') };

// a tablet's clock cannot stand before the day its app was made
process.env['VITE_MADE'] ??= new Date().toISOString().slice(0, 10);

export default defineConfig(({ mode }) => ({
  root,
  plugins: [oneLanguage(), bareImports(), react(), tailwindcss(), ...(mode === OFFICE ? [] : [precache(), thenOffice()])],
  worker: { format: 'es' },
  publicDir: mode === OFFICE ? false : 'public',
  build: {
    target: ['safari16.4', 'chrome111', 'firefox121'],
    emptyOutDir: mode !== OFFICE,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: mode === OFFICE ? { office: join(root, 'office.html') } : FIELD_INPUT,
      output: {
        ...(mode === OFFICE ? {} : { codeSplitting: ONE_FILE }),
        entryFileNames: (chunk: { readonly name: string }) => (chunk.name === 'service-worker' ? SERVICE_WORKER : 'assets/[name]-[hash].js'),
      },
    },
  },
  // a test reads the codes that the server can answer out of its source
  server: { proxy: { '/v1': 'http://127.0.0.1:8080' }, fs: { allow: [join(root, '../..')] } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
}));
