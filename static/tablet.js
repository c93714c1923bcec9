/* A hall's tablet. Everything works without this; with it the tablet stays on one page, so that its history holds
   nothing, says so when the line is lost, keeps the field ready for a scanner, and forgets whoever walks away. */

const $ = (selector, root) => (root || document).querySelector(selector);
const main = () => $("main[data-page]");
const page = () => main().dataset.page;
const IDLE_LOOK = 10000, BALLOT_LOOK = 3000, LOST_LOOK = 2000, UNSURE = 8000, LIMIT = 8000, WARN = 10;
let touched = Date.now(), placed = Date.now(), looked = Date.now(), shownUntil = 0;
let sending = false, looking = null;

history.replaceState(null, "", location.pathname);
addEventListener("pageshow", (event) => { if (event.persisted) location.replace("/tablet"); });
// What the browser may keep to go back to is an empty page.
addEventListener("pagehide", () => { if (main() && page() !== "idle") document.body.textContent = ""; });
addEventListener("offline", () => { if (page() === "idle") lose(); });
for (const kind of ["pointerdown", "keydown", "input", "click"]) {
  addEventListener(kind, ({ target }) => {
    touched = Date.now();
    // Its own button must still be there when the finger leaves it.
    if (kind === "click" || !target.closest || !target.closest("#still")) still(0);
  }, true);
}
document.addEventListener("focusout", () => setTimeout(ready, 100));
document.addEventListener("pointerup", () => setTimeout(ready, 100));
document.addEventListener("keydown", ready, true);
document.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target, event.submitter);
});
setInterval(tick, 250);
settle();

/* The field has the focus whenever nothing else has: a scanner types at any moment. */
function ready() {
  const field = $("#badge");
  if (field && document.activeElement === document.body) field.focus();
}

async function send(form, by) {
  if (sending) return;
  sending = true;
  if (looking) looking.abort();
  const body = new URLSearchParams(new FormData(form));
  if (by && by.name) body.append(by.name, by.value);
  try {
    place(await fetched(form.getAttribute("action"), { method: "POST", body }));
  } catch {
    lose(form.id === "vote");
  }
  sending = false;
}

/* The page that answers, as text. Rejects where nothing sensible did. */
async function fetched(url, options, limit = new AbortController()) {
  const stop = setTimeout(() => limit.abort(), LIMIT);
  try {
    const answer = await fetch(url, Object.assign({ cache: "no-store", signal: limit.signal }, options));
    const html = await answer.text();
    if (answer.status >= 500 || !html.includes("data-page=")) throw new Error(answer.status);
    return html;
  } finally {
    clearTimeout(stop);
  }
}

function place(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const name of ["lang", "dir"]) document.documentElement.setAttribute(name, fresh.documentElement.getAttribute(name));
  document.body.replaceWith(document.adoptNode(fresh.body));
  settle();
}

function settle() {
  touched = placed = looked = Date.now();
  const field = $("#badge"), head = $("main h1[tabindex]");
  if (field) field.focus();
  else if (head) head.focus();
}

/* The line is lost: whoever stood here is forgotten at once. Until it is back nothing can be done on this tablet. */
function lose(unsure) {
  shownUntil = unsure ? Date.now() + UNSURE : 0;
  const said = $(unsure ? "#unsure" : "#lost").content.cloneNode(true);
  $(".tab").replaceChildren(said);
  looked = Date.now();
  const head = $("main h1[tabindex]");
  if (head) head.focus();
}

/* What is so meanwhile. Whatever a person presses comes first. */
async function look(url, options) {
  if (sending || looking) return;
  const mine = (looking = new AbortController());
  looked = Date.now();
  const before = main(), key = before.dataset.key, was = page();
  try {
    const html = await fetched(url, options, mine);
    const fresh = $("main[data-page]", new DOMParser().parseFromString(html, "text/html"));
    const field = $("#badge");
    if (!sending && main() === before && (fresh.dataset.page !== was || fresh.dataset.key !== key) && !(field && field.value)) place(html);
  } catch {
    if (was === "idle" && !sending) lose();
  }
  looking = null;
}

/* Forget: the server's own page is the idle one again. */
async function forget() {
  if (sending) return;
  sending = true;
  if (looking) looking.abort();
  try {
    place(await fetched("/tablet/done", { method: "POST" }));
  } catch {
    lose();
  }
  sending = false;
}

function still(left) {
  const box = $("#still");
  if (!box || box.hidden === !left) {
    if (box && left) $("[data-left]", box).textContent = left;
    return;
  }
  box.hidden = !left;
  if (left) $("[data-left]", box).textContent = left;
}

function tick() {
  if (!main()) return; // on its way to another page
  const now = Date.now(), data = main().dataset, quiet = (now - touched) / 1000;
  if (page() === "lost") {
    if (now - looked > LOST_LOOK && now > shownUntil) look("/tablet/done", { method: "POST" });
  } else if (page() === "idle") {
    const field = $("#badge");
    if (field.value && quiet > 60) field.value = "";
    if ($(".said") && now - placed > 20000) $(".said").remove();
    if (now - looked > IDLE_LOOK) look("/tablet");
  } else if (data.reset) {
    if (now - placed > 1000 * data.reset) forget();
  } else if (data.quiet) {
    const left = Math.ceil(data.quiet - quiet);
    if (left <= 0) forget();
    else {
      still(left <= WARN ? left : 0);
      if (now - looked > BALLOT_LOOK) look("/tablet");
    }
  }
}
