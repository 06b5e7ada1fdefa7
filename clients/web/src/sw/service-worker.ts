// Keeps the whole field app on the tablet, so that it opens without signal from the first visit on.
//
// Invariants: one cache per build, filled completely or not at all; a new build takes over only when the page says so
// (message `take-over`) or when no page is open; it answers the app's own screens and files alone, since other programs may
// live on the same host, and never what is the server's.
// Deliberately absent: background sync and any knowledge of records; those live in the core's worker.

interface Precache {
  readonly version: string;
  readonly files: readonly string[];
}

declare const self: ServiceWorkerGlobalScope;

/** The build puts the list in place of this word. */
declare const __PRECACHE__: Precache;

const PRECACHE = __PRECACHE__;
const PREFIX = 'tsudoi-';
const CACHE = `${PREFIX}${PRECACHE.version}`;
const SHELL = '/index.html';
/** The screens of the field app, as `src/app/app.tsx` names them. */
const SCREEN = /^\/((index\.html|records|summary|device|session\/[^/]+)\/?)?$/;
const OWN = new Set(PRECACHE.files.map((file) => `/${file}`));

/** Fetches past the HTTP cache, so that a build is never mixed with an older file of the same name. */
async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  try {
    await Promise.all(
      PRECACHE.files.map(async (file) => {
        const response = await fetch(`/${file}`, { cache: file.startsWith('assets/') ? 'default' : 'reload' });
        // A redirected answer may not be used for a navigation.
        if (!response.ok || response.redirected) throw new Error(`precache ${file}: ${response.status}`);
        await cache.put(`/${file}`, response);
      }),
    );
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function dropOlder(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  }
}

async function kept(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

self.addEventListener('install', (event) => {
  event.waitUntil(fill());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOlder().then(() => self.clients.claim()));
});

self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (SCREEN.test(url.pathname)) event.respondWith(kept(SHELL, request));
    return;
  }
  if (OWN.has(url.pathname)) event.respondWith(kept(url.pathname, request));
});

export {};
