/// <reference types="vitest/config" />
// How the two entries are built: `index.html` (field app) and `office.html` (console), one set of hashed assets.
// The service worker is a third input with a fixed name; after writing, the list of what the field app needs is put into it.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const root = import.meta.dirname;
const SERVICE_WORKER = 'service-worker.js';
const PLACEHOLDER = '__PRECACHE__';

/** Every file below a folder, as URL paths relative to it. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

interface OutputNode {
  readonly imports: readonly string[];
  readonly css: readonly string[];
}

/** Files that only the office console reaches: they are not kept on a tablet. */
function onlyFor(entry: string, others: readonly string[], graph: ReadonlyMap<string, OutputNode>): Set<string> {
  const reach = (start: string, seen: Set<string>): Set<string> => {
    if (seen.has(start)) return seen;
    seen.add(start);
    const node = graph.get(start);
    for (const style of node?.css ?? []) seen.add(style);
    for (const next of node?.imports ?? []) reach(next, seen);
    return seen;
  };
  const kept = new Set<string>();
  for (const other of others) reach(other, kept);
  return new Set([...reach(entry, new Set())].filter((file) => !kept.has(file)));
}

/** Writes the precache list and its version into the service worker. */
function precache(): Plugin {
  return {
    name: 'tsudoi-precache',
    apply: 'build',
    writeBundle(options, bundle) {
      const folder = options.dir ?? join(root, 'dist');
      const graph = new Map<string, OutputNode>();
      const entries = new Map<string, string>();
      for (const [file, output] of Object.entries(bundle)) {
        if (output.type !== 'chunk') continue;
        const css = [...(output.viteMetadata?.importedCss ?? [])];
        graph.set(file, { imports: [...output.imports, ...output.dynamicImports], css });
        if (output.isEntry) entries.set(output.name, file);
      }
      const office = entries.get('office');
      const field = entries.get('index');
      const skipped = office && field ? onlyFor(office, [field], graph) : new Set<string>();
      const kept = filesBelow(folder)
        .filter((file) => file !== SERVICE_WORKER && file !== 'office.html' && !file.endsWith('.map'))
        .filter((file) => !skipped.has(file))
        .sort();
      const digest = createHash('sha256');
      for (const file of kept) digest.update(file).update(readFileSync(join(folder, file)));
      const list = { version: digest.digest('hex').slice(0, 12), files: kept };
      const target = join(folder, SERVICE_WORKER);
      const text = readFileSync(target, 'utf8');
      if (!text.includes(PLACEHOLDER)) throw new Error('the service worker has no place for the precache list');
      writeFileSync(target, text.replace(PLACEHOLDER, JSON.stringify(list)));
    },
  };
}

export default defineConfig({
  root,
  plugins: [react(), tailwindcss(), precache()],
  worker: { format: 'es' },
  build: {
    target: ['safari16.4', 'chrome111', 'firefox121'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: {
        index: join(root, 'index.html'),
        ...(existsSync(join(root, 'office.html')) ? { office: join(root, 'office.html') } : {}),
        'service-worker': join(root, 'src/sw/service-worker.ts'),
      },
      output: {
        entryFileNames: (chunk) => (chunk.name === 'service-worker' ? SERVICE_WORKER : 'assets/[name]-[hash].js'),
      },
    },
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8080' } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
});
