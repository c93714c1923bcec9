// The hall screen, and the same picture as a monitor of the desk. It draws the scene the server sends and keeps the
// last good one. The room never sees an error, a spinner or an empty frame: after ten lost seconds there is a dot.

import { beat, connect, serverNow, setNow } from "./live.js";
import { duration, fit, show } from "./screen_fit.js";

const root = document.documentElement;
const monitor = "monitor" in document.body.dataset;
const part = document.querySelector('[data-part="scene"]');
const stale = document.querySelector(".stale");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SAVED = `hallside.scene.${part.dataset.place}`;
const FADE = { duration: 200, easing: "cubic-bezier(.2,0,0,1)" };
const GROW = { ...FADE, duration: 600 };
const STORE = "hallside.screen";
const LOST_MS = 10000;
const STILL_MS = 20 * 60000;
const DRIFT = [["4", "0"], ["4", "4"], ["0", "4"], ["0", "0"]];

let hall = null, pages = [], page = 0, turning;
let lostAt = 0, cutUntil = 0, here = 0, drawnAt = Date.now(), drifted = 0;

// --- the picture

/** Draw a scene. `sudden`: without a fade, as after a reload or a lost line. */
function draw(html, { sudden = false } = {}) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const next = fresh.content.querySelector(".hall");
  const before = hall;
  const same = Boolean(before && next && before.dataset.key === next.dataset.key);
  for (const old of part.querySelectorAll(".hall")) if (old !== before) old.remove();
  hall = next;
  if (next) {
    next.classList.add("unseen");
    part.prepend(next);
    prepare(same);
    if (!calm.matches) grow(before, same, sudden);
    next.classList.remove("unseen");
  }
  if (before) leave(before, same || sudden || calm.matches || !next);
  [drawnAt, drifted] = [Date.now(), 0];
  confirm();
}

function leave(old, atOnce) {
  if (atOnce) {
    old.remove();
    return;
  }
  old.setAttribute("aria-hidden", "true");
  old.animate([{ opacity: 1 }, { opacity: 0 }], { ...FADE, fill: "forwards" }).finished.then(() => old.remove(), () => old.remove());
  setTimeout(() => old.remove(), 2 * FADE.duration);
}

/** Everything a scene needs before it is seen: its exact size, counts, times, and what fits on its first page. */
function prepare(same) {
  const mode = Number(hall.dataset.mode);
  if (mode) hall.style.setProperty("--k", mode / 6);
  count(hall.querySelector("[data-here]"), "here", here);
  tell();
  refit(same);
}

function refit(keepPage = true) {
  if (!hall) return;
  pages = fit(hall);
  turnTo(keepPage ? page % (pages.length || 1) : 0);
}

/** Bars grow when a result first appears; while voting is live they go on from where they were. */
function grow(before, same, sudden) {
  if (sudden && !same) return;
  for (const bar of hall.querySelectorAll("[data-bar]")) {
    const old = same && before.querySelector(`[data-bar="${bar.dataset.bar}"]`);
    const from = old ? Number(old.dataset.width) / Number(bar.dataset.width) : 0;
    if (from !== 1 && Number.isFinite(from)) {
      bar.animate([{ transform: `scaleX(${from})` }, { transform: "scaleX(1)" }], GROW);
    }
  }
}

/** The server hears which picture is on, once it is. */
function confirm() {
  let told = false;
  const tellOnce = () => {
    if (!told) beat();
    told = true;
  };
  requestAnimationFrame(() => requestAnimationFrame(tellOnce));
  setTimeout(tellOnce, 150);
}

// --- pages by language

function turnTo(number, fade = false) {
  page = number;
  clearTimeout(turning);
  if (!hall) return; // nothing is staged as next
  const main = hall.querySelector("main");
  if (pages.length) show(hall, pages[page]);
  dots();
  if (pages.length < 2) return;
  if (fade && !calm.matches) main.animate([{ opacity: 0 }, { opacity: 1 }], FADE);
  turning = setTimeout(() => turnTo((page + 1) % pages.length, true), duration(hall, pages[page]));
}

/** Where a scene has several pages, which of them this is. */
function dots() {
  const marks = pages.length > 1 && pages.length < 10 ? pages : [];
  hall.querySelector(".pages .marks")?.replaceChildren(...marks.map((_, n) => {
    const dot = document.createElement("i");
    dot.classList.toggle("on", n === page);
    return dot;
  }));
}

// --- counts and times

/** Numbers change without rolling, in the plural they ask for, and light seats in the order the drawing carries. */
function count(box, name, n) {
  if (!box) return;
  for (const at of box.querySelectorAll(`[data-number="${name}"]`)) at.textContent = n;
  for (const text of box.querySelectorAll("[data-la]")) {
    const forms = [...text.querySelectorAll("[data-as]")], rules = new Intl.PluralRules(text.lang);
    const fits = forms.find((form) => rules.select(Number(form.dataset.as)) === rules.select(n)) ?? forms.at(-1);
    for (const form of forms) form.hidden = form !== fits;
  }
  if (name === "here") box.classList.toggle("nobody", !n);
  const seats = box.querySelector("svg.hemi");
  const on = lit(n, Number(seats.dataset.of), Number(seats.dataset.unit));
  for (const seat of seats.children) seat.classList.toggle("on", Number(seat.dataset.o) < on);
}

/** As the drawing itself does it: the first person lights one, and the last seat waits for the last person. */
function lit(n, of, unit) {
  const dots = Math.max(1, Math.ceil(of / unit));
  if (n <= 0) return 0;
  return n >= of ? dots : Math.max(1, Math.min(dots - 1, Math.round(n / unit)));
}

const two = (n) => String(n).padStart(2, "0");

/** Times by the server's clock, also while the line is lost. */
function tell() {
  if (!hall) return;
  for (const at of hall.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.ceil(Number(at.dataset.until) - serverNow()));
    const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    at.textContent = hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
    if ("byHand" in at.dataset) byHand(at, left === 0 && lostAt > 0);
  }
  for (const at of hall.querySelectorAll("[data-clock]")) {
    const [hours, minutes] = at.dataset.wall.split(":").map(Number);
    const zone = hours * 60 + minutes - Math.floor(Number(at.dataset.clock) / 60);
    const now = (((Math.floor(serverNow() / 60) + zone) % 1440) + 1440) % 1440;
    at.textContent = Number(at.dataset.clock) ? `${two(Math.floor(now / 60))}:${two(now % 60)}` : "";
  }
}

/** A clock that reaches zero while the line is lost ends nothing. */
function byHand(timer, instead) {
  const words = hall.querySelector("[data-when-lost]");
  if (!words || words.hidden === !instead) return;
  words.hidden = !instead;
  timer.hidden = instead;
  refit();
}

// --- the line

function onPart(frame) {
  if (frame.part !== "scene") return true;
  if (part.dataset.is !== frame.is || !hall) {
    draw(frame.html, { sudden: Date.now() < cutUntil });
    part.dataset.is = frame.is;
  }
  save(frame.html);
  return true;
}

function onNumbers({ part: name, numbers }) {
  if (name === "here") {
    here = numbers.n ?? 0;
    count(hall?.querySelector("[data-here]"), "here", here);
  } else if (name === "turnout" && numbers.poll) {
    count(hall?.querySelector(`[data-turnout="${numbers.poll}"]`), "n", numbers.n);
  }
}

function onState(state) {
  if (state === "out") revoked();
  else if (state === "lost") lostAt ||= Date.now();
  else {
    if (lostAt) cutUntil = Date.now() + 2000;
    lostAt = 0;
  }
  dot();
  if (state === "open") confirm();
}

const dot = () => { stale.hidden = !(lostAt && Date.now() - lostAt >= LOST_MS); };

function save(html) {
  if (monitor) return;
  try {
    localStorage[SAVED] = JSON.stringify({ html, at: serverNow(), ahead: serverNow() - Date.now() / 1000 });
  } catch {
    // Storage may be blocked; the page itself still holds the picture.
  }
}

/** The saved picture, if the page came without one or is older than what this screen has shown since. A page that was
    kept while the server was away has the time of then: how far the server's clock was ahead of ours tells it. */
function saved() {
  try {
    const kept = JSON.parse(localStorage[SAVED]);
    const now = Date.now() / 1000 + kept.ahead;
    if (now - serverNow() > 2) setNow(now);
    if (part.querySelector(".hall") && kept.at <= Number(document.body.dataset.now)) return "";
    part.dataset.is = "";
    return kept.html;
  } catch {
    return "";
  }
}

/** Have a worker keep this page and its files. Browsers offer that over https and on the machine itself only. */
async function keep() {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register("/screen/worker.js", { scope: "/screen" });
  await document.fonts?.ready; // a font on its way is in no list yet, and does not pass the worker
  const files = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
  const store = await caches.open(STORE);
  await store.addAll(["/screen", ...new Set(files.filter((name) => name.startsWith("/static/")))]);
}

/** The link is no longer valid. The page that live.js loads now stands for the hall: it names it, and we forget it. */
function revoked() {
  if (monitor) return;
  history.replaceState(null, "", `/screen?hall=${part.dataset.place}`);
  try { delete localStorage[SAVED]; } catch { /* then there was nothing kept */ }
}

// --- a screen in a hall

function stand() {
  let resting;
  const wake = () => {
    root.classList.remove("quiet");
    clearTimeout(resting);
    resting = setTimeout(() => root.classList.add("quiet"), 2000);
  };
  const fill = () => { if (!document.fullscreenElement) root.requestFullscreen?.().catch(() => {}); };
  const stayOn = () => { if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {}); };
  addEventListener("pointermove", wake);
  addEventListener("click", fill, { once: true });
  addEventListener("keydown", (event) => { if (event.key.toLowerCase() === "f" && !event.ctrlKey && !event.metaKey) fill(); });
  document.addEventListener("visibilitychange", stayOn);
  wake();
  stayOn();
  keep().catch(() => {}); // storage may be blocked or full: then a reload needs the server
  setInterval(drift, 60000);
}

/** A picture that stands for long moves a little, so that it does not burn in. */
function drift() {
  if (!hall || Date.now() - drawnAt < STILL_MS) return;
  const [x, y] = DRIFT[drifted % DRIFT.length];
  drifted += 1;
  root.classList.toggle("moving", !calm.matches);
  hall.style.setProperty("--drift-x", `calc(var(--u) * ${x})`);
  hall.style.setProperty("--drift-y", `calc(var(--u) * ${y})`);
}

const first = (!monitor && saved()) || part.innerHTML;
part.replaceChildren();
draw(first, { sudden: true });
connect({
  view: monitor ? "monitor" : "screen",
  onPart,
  onNumbers,
  onState,
  every: monitor ? 20 : 5,
  beat: () => (monitor || !hall ? {} : {
    shown: Number(hall.dataset.version),
    blank: "blank" in hall.dataset,
    size: [Math.round(innerWidth * devicePixelRatio), Math.round(innerHeight * devicePixelRatio)],
  }),
});
setInterval(() => {
  tell();
  dot();
}, 200);
addEventListener("resize", () => refit());
document.fonts?.addEventListener("loadingdone", () => refit());
if (!monitor) stand();
