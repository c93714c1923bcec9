// Keeps a hall screen's page and the files it needs: a reload while the server is away shows the last picture, not the
// browser's error. The network comes first; only what the server itself refuses (a revoked link) is forgotten.

const STORE = "hallside.screen";
const PAGE = "/screen";
const PATIENCE_MS = 5000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event, { pathname } = new URL(request.url);
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(request));
  else if (pathname.startsWith("/static/")) event.respondWith(file(request));
});

async function page(request) {
  const store = await caches.open(STORE);
  const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => Response.error());
  if (answer.ok) await store.put(PAGE, answer.clone());
  else if (answer.status >= 400 && answer.status < 500) await store.delete(PAGE);
  else return (await store.match(PAGE)) ?? answer;
  return answer;
}

/* A static file's name changes with its content: one that is kept is right. */
async function file(request) {
  const store = await caches.open(STORE);
  const kept = await store.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await store.put(request, answer.clone());
  return answer;
}
