/* The service worker: keeps the last picture of each page that was shown, and hands it out, with its age, only when
   the server does not answer. Everything else goes to the server as ever; the wall is never kept. */
"use strict";

const CACHE = "opscentre-2";
const PAGES = 40;             /* pages kept at most */
const PATIENCE = 8000;        /* ms after which a silent server counts as away */
const LONGEST = 12 * 3600e3;  /* ms for which a page is kept: no longer than somebody stays signed in */
const SHELL = "/_kept/shell";
/* The desk's pages, which are all one shell; no other page is kept, and none must take the shell's place. */
const DESK = /^\/($|(table|unit|list|search|dossier|compare|figure|alerts|walls)(\/|$))/;
const PARTS = /^\/(assets\/|_dash-component-suites\/|_dash-layout|_dash-dependencies|_favicon|manifest\.webmanifest)/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("fetch", (event) => {
  const request = event.request, address = new URL(request.url);
  if (address.origin !== self.location.origin) return;
  if (request.method === "POST" && address.pathname === "/_dash-update-component") {
    event.respondWith(page(event));
  } else if (request.method === "GET" && request.mode === "navigate") {
    if (DESK.test(address.pathname)) event.respondWith(kept(request, SHELL));
  } else if (request.method === "GET" && PARTS.test(address.pathname)) {
    event.respondWith(kept(request, address.pathname));
  }
});

function answer(request) {
  const ended = new AbortController();
  const alarm = setTimeout(() => ended.abort(), PATIENCE);
  return fetch(request, { signal: ended.signal }).finally(() => clearTimeout(alarm));
}

/* The server's answer, kept under a key; the kept one when there is none. */
async function kept(request, key) {
  const cache = await caches.open(CACHE);
  try {
    const found = await fetch(request);
    if (found.ok && found.type === "basic") await cache.put(key, found.clone());
    /* A page leads elsewhere only where nobody is signed in any more. */
    if (found.type === "opaqueredirect") await forget(cache);
    return found;
  } catch (error) {
    const old = await cache.match(key);
    if (old) return old;
    throw error;
  }
}

/* A page that Dash asks for: its address is in the body. Other callbacks (notes) are passed on and never kept. */
async function page(event) {
  const request = event.request;
  const asked = await request.clone().json();
  if (asked.output !== "page.children") return fetch(request);
  const values = asked.inputs.map((input) => input.value || "");
  const key = `/_kept/page?${encodeURIComponent(values.join(""))}`;
  const cache = await caches.open(CACHE);
  try {
    const found = await answer(request.clone());
    if (found.status >= 500) throw new Error(`the server answered ${found.status}`);
    if (found.ok) await keep(cache, key, found.clone());
    if (found.status === 401) await forget(cache);
    await tell(event, { kept: null });
    return found;
  } catch (error) {
    const old = await cache.match(key);
    const at = old ? Number(old.headers.get("x-kept-at")) : 0;
    if (Date.now() - at > LONGEST) {
      await cache.delete(key);
      throw error;
    }
    await tell(event, { kept: at });
    return old;
  }
}

/* Whose pages these were is signed in no more: they are nobody else's to see, also without a server. */
async function forget(cache) {
  for (const one of await cache.keys()) if (new URL(one.url).pathname === "/_kept/page") await cache.delete(one);
}

async function keep(cache, key, found) {
  const headers = { "content-type": found.headers.get("content-type"), "x-kept-at": String(Date.now()) };
  /* Deleted first, so that the oldest kept is the first of the keys. */
  await cache.delete(key);
  await cache.put(key, new Response(await found.blob(), { headers }));
  const pages = (await cache.keys()).filter((one) => new URL(one.url).pathname === "/_kept/page");
  for (const one of pages.slice(0, Math.max(0, pages.length - PAGES))) await cache.delete(one);
}

async function tell(event, message) {
  const client = await self.clients.get(event.clientId);
  if (client) client.postMessage(message);
}
