// Keeps a hall screen's page and the files it needs: a reload while the server is away shows the last picture, not the
// browser's error. The network comes first; only what the server itself refuses (a revoked link) is forgotten. Whatever
// is the matter with the store, what the server answered is shown.

const STORE = "hallside.screen";
const PAGE = "/screen";
const PATIENCE_MS = 5000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(Promise.all([self.clients.claim(), prune().catch(() => {})])));
self.addEventListener("fetch", (event) => {
  const { request } = event, { pathname } = new URL(request.url);
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(event));
  else if (pathname.startsWith("/static/") || pathname.startsWith("/look/")) event.respondWith(file(event));
});

const kept = (key) => caches.open(STORE).then((store) => store.match(key)).catch(() => undefined);

/* Beside the answer, not before it: a full disk is no reason to show nothing. */
function keep(event, key, answer) {
  const copy = answer.clone();
  event.waitUntil(caches.open(STORE).then((store) => store.put(key, copy)).catch(() => {}));
}

/* Files of earlier releases go; `FILES`, which the server writes above, are those of this one. Not while the page that
   is kept is an earlier one: it would come up bare. */
async function prune() {
  const store = await caches.open(STORE);
  const text = (await (await store.match(PAGE))?.text()) ?? "";
  if ([...text.matchAll(/"(\/static\/[^"?]+)/g)].some(([, name]) => !FILES.includes(name))) return;
  for (const { url } of await store.keys()) {
    const { pathname } = new URL(url);
    if (pathname.startsWith("/static/") && !FILES.includes(pathname)) await store.delete(url);
  }
}

async function page(event) {
  const limit = new AbortController();
  const stop = setTimeout(() => limit.abort(), PATIENCE_MS);
  let answer;
  try {
    answer = await fetch(event.request, { signal: limit.signal });
  } catch {
    answer = Response.error();
  }
  clearTimeout(stop); // The picture is on its way: it may take its time.
  if (answer.ok) keep(event, PAGE, answer);
  else if (answer.status >= 400 && answer.status < 500)
    event.waitUntil(caches.open(STORE).then((store) => store.delete(PAGE)).catch(() => {}));
  else return (await kept(PAGE)) ?? answer;
  return answer;
}

/* A static file's name changes with its content: one that is kept is right. */
async function file(event) {
  const known = await kept(event.request);
  if (known) return known;
  const answer = await fetch(event.request);
  if (answer.ok) keep(event, event.request, answer);
  return answer;
}
