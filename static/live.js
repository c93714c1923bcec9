/* The line to the server, for every face. No face opens a socket of its own.

   connect(options)        once a page. All options but `view` may be left out:
     view                  "phone" | "screen" | "desk"
     hello                 an object, or a function that returns one: further fields of the hello, such as
                           {session: 7}. Without it, what the body's data-hello holds.
     onPart(frame)         {part, key, is, html}. Return true when it is dealt with; otherwise swapPart(frame) follows.
     onNumbers(frame)      {part, numbers}
     onState(state, why)   "open"; "polling" (no socket, but GET /live answers); "lost" (nothing does; `why` is
                           "offline" when the device itself says so, "resume" when we only make sure); "out" (signed out: the page reloads)
     onHello(hello)        {now, person}: the line is open and knows us
     onLate(answer, command)  an answer that came after its promise had given up
     beat()                further fields of the heartbeat; `every` its pace in seconds (20; a screen 5, and a phone
                           while a poll is open)
   beat()                  a heartbeat now
   send(command)           a Promise of the answer {ok, at, facts, words}, for staff. Over the socket if it is open,
                           else by POST; done within 5 s or rejected with an Error whose message is for people and
                           whose `key` is the refusal's. Nothing is kept for later or sent twice.
   ask(command, {limit, post})  the same without `at`: resolves with {ok} or {no, words}, rejects when nothing answered
   serverNow()             wall seconds of the server's clock
   setNow(seconds)         what they are, for a page that was kept and has lost the time
   swapPart(frame)         puts frame.html into [data-part=NAME], unless it holds that already. Morphs where htmx is
                           loaded; keeps focus where the same id is there again. Then "part" is dispatched on it.
   listed(words)           one after another, with the comma of the page's script
   refocus(at, around)     after a change: if `at` had the focus and cannot any more, the first of `around` that is there
   word(name, values)      a sentence of the page's <template id="words">, {gaps} filled in
   say(text, urgent)       to screen readers: one message in 3 s, the newest wins */

const $ = (selector, root = document) => root.querySelector(selector);
const tick = 1000;
const waiting = new Map();
let o = {}, socket, state, failures = 0, heard = 0, beaten = 0, looked = 0, count = 0;
let timer, bye, socketless = false, ended = false, looking = false, hiddenAt = 0;
let base = (Number(document.body.dataset.now) || Date.now() / 1000) - performance.now() / 1000;

export const serverNow = () => base + performance.now() / 1000;
export const setNow = (seconds) => { base = seconds - performance.now() / 1000; };

export function connect(options) {
  o = options;
  if (!o.hello) o.hello = JSON.parse(document.body.dataset.hello || "{}");
  open();
  let last = Date.now();
  setInterval(() => {
    const gap = Date.now() - last;
    last += gap;
    if (gap > tick + 5000 && !resting()) resume();
    else pulse();
  }, tick);
  addEventListener("online", resume);
  addEventListener("offline", () => { drop(); tell("lost", "offline"); again(12); });
  addEventListener("pageshow", (event) => event.persisted && resume());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      hiddenAt = Date.now();
      beat();
    }
    else if (state !== "open" || Date.now() - hiddenAt > 5000) resume();
    else beat();
    see();
  });
}

/* A hidden tab does not try again; a screen is never hidden. */
const resting = () => document.hidden && o.view !== "screen";
const fields = () => (typeof o.hello === "function" ? o.hello() : o.hello);
/* A hall screen has a cookie of its own there. */
const root = () => (o.view === "screen" ? "/screen" : "");
const seen = (element) => element.dataset.is;

function tell(next, why) {
  if (next === state && why !== "offline") return;
  state = next;
  o.onState?.(state, why);
}

function open() {
  clearTimeout(timer);
  if (ended || socketless || resting()) return;
  drop();
  if ((socketless = !self.WebSocket)) return look(); // a locked-down phone has none
  const mine = (socket = new WebSocket(`${location.origin.replace("http", "ws")}${root()}/socket`));
  // A connection that takes 5 s is none.
  const limit = setTimeout(() => mine === socket && state !== "open" && lost(0), 5000);
  mine.onopen = () => {
    const have = {};
    for (const part of document.querySelectorAll("[data-part]")) if (seen(part)) have[part.dataset.part] = seen(part);
    mine.send(JSON.stringify({ ...fields(), do: "hello", view: o.view, have }));
  };
  mine.onmessage = ({ data }) => {
    if (mine !== socket) return;
    heard = Date.now();
    take(JSON.parse(data));
  };
  mine.onclose = ({ code }) => {
    clearTimeout(limit);
    if (mine === socket) lost(code);
  };
}

function drop() {
  const old = socket;
  socket = undefined;
  if (old) {
    old.onclose = old.onmessage = old.onopen = null;
    old.close();
  }
  for (const [id, one] of waiting) {
    waiting.delete(id);
    one.reject(new Error("lost"));
  }
}

function lost(code) {
  drop();
  failures += 1;
  if (code === 4001 || code === 4002) return out();
  if (code === 1008) socketless = true;
  if (state !== "polling") tell("lost"); // then the next look tells
  again(bye ?? (code === 4008 ? 30 : 0.5 + (o.view === "screen" ? 1.5 : 9.5) * Math.random()));
  bye = undefined;
}

function again(seconds) {
  clearTimeout(timer);
  timer = setTimeout(open, seconds * 1000);
}

/* Signed out, or never signed in: the page itself says why. Not twice in 20 s. */
function out() {
  ended = true;
  tell("out");
  let last = 0;
  try { last = Number(sessionStorage["h.out"] || 0); sessionStorage["h.out"] = Date.now(); } catch { last = Date.now(); }
  if (Date.now() - last > 20000) location.reload();
}

/* Our own end of the line is back: the socket may be dead without knowing it. A whole hall wakes at once. */
function resume() {
  if (ended) return;
  if (!socketless) {
    drop();
    tell("lost", "resume");
    again(2 * Math.random());
  }
  look();
}

function pulse() {
  if (ended) return;
  const now = Date.now();
  if (state === "open") {
    if (now - heard > 45000) lost(0);
    else if (now - beaten >= 1000 * (o.every || (o.view === "screen" || $('[data-state="open"]') ? 5 : 20))) beat();
  } else if ((failures > 1 || socketless) && !resting() && now - looked > 10000) look();
}

export function beat() {
  if (state !== "open" || !socket || socket.readyState !== 1) return;
  beaten = Date.now();
  socket.send(JSON.stringify({ do: "beat", ...(resting() && { away: true }), ...o.beat?.() }));
}

/* The same parts by GET: when sockets fail, and at once when we wake up. */
async function look() {
  if (looking) return;
  looking = true;
  looked = Date.now();
  try {
    const query = new URLSearchParams({ ...fields(), view: o.view });
    const response = await fetched(`${root()}/live?${query}`, { headers: { accept: "application/json" } }, 5);
    if (response.status === 401 || response.status === 403) return out();
    if (!response.ok) throw new Error(response.status);
    const frames = await response.json();
    if (state !== "open") tell("polling");
    frames.forEach(take);
  } catch {
    if (state !== "open") tell("lost");
  } finally {
    looking = false;
  }
}

function fetched(url, options, seconds) {
  const limit = new AbortController();
  const stop = setTimeout(() => limit.abort(), seconds * 1000);
  return fetch(url, { ...options, cache: "no-store", signal: limit.signal }).finally(() => clearTimeout(stop));
}

function take(frame) {
  if (frame.html !== undefined) o.onPart?.(frame) || swapPart(frame);
  else if (frame.numbers) o.onNumbers?.(frame);
  else if (frame.hello) {
    base = frame.hello.now - performance.now() / 1000;
    if (socket) {
      failures = 0;
      beaten = Date.now();
      tell("open");
    }
    o.onHello?.(frame.hello);
  } else if (frame.beat) {
    const half = (Date.now() - beaten) / 2000;
    if (half < 1) base = frame.beat + half - performance.now() / 1000;
  } else if (frame.bye !== undefined) bye = frame.bye;
  else if (frame.re) {
    const one = waiting.get(frame.re);
    waiting.delete(frame.re);
    if (one?.late) o.onLate?.(frame, one.command);
    else one?.resolve(frame);
  }
}

export function ask(command, { limit = 5, post = state !== "open" } = {}) {
  if (post) return posted(command, limit);
  return new Promise((resolve, reject) => {
    const id = ++count;
    waiting.set(id, { resolve, reject, command });
    setTimeout(() => {
      const one = waiting.get(id);
      if (!one) return;
      one.late = true;
      reject(new Error("late"));
    }, limit * 1000);
    socket.send(JSON.stringify({ id, ...command }));
  });
}

async function posted(command, limit) {
  const response = await fetched(`/do/${command.do}`, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(command),
    keepalive: true,
  }, limit);
  const answer = await response.json();
  if (!answer.ok && !answer.no) throw new Error(response.status);
  return answer;
}

export async function send(command) {
  const open = state === "open";
  let answer;
  try {
    answer = await ask({ ...command, at: serverNow() });
  } catch {
    throw new Error(word(open ? "no_answer" : "not_sent"));
  }
  if (answer.no) throw Object.assign(new Error(answer.words), { key: answer.no });
  return answer;
}

export function swapPart(frame) {
  const part = $(`[data-part="${frame.part}"]`);
  if (!part || (frame.is && seen(part) === frame.is)) return;
  const at = document.activeElement, inside = part.contains(at);
  if (window.htmx) htmx.swap({ text: frame.html, target: part, sourceElement: part, swap: "innerMorph" });
  else {
    const fresh = document.createElement("template");
    fresh.innerHTML = frame.html;
    part.replaceChildren(fresh.content);
  }
  part.dataset.is = frame.is || "";
  if (inside && at.id) document.getElementById(at.id)?.focus({ preventScroll: true });
  if (inside) refocus(at);
  if (frame.part === "devices") see();
  part.dispatchEvent(new CustomEvent("part", { bubbles: true, detail: frame }));
}

export const listed = (words) => words.join(document.dir === "rtl" ? "، " : ", ");

/* What had the focus may be gone, hidden or locked: then its nearest surroundings have it, never the whole page. */
export function refocus(at, around = [$("#main")]) {
  if (at === document.body || (document.activeElement !== at && document.activeElement !== document.body)) return;
  if (at.isConnected && at.getClientRects().length && !at.matches(":disabled")) return;
  const home = around.find((one) => one?.isConnected && one.getClientRects().length);
  if (!home) return;
  if (!home.hasAttribute("tabindex")) home.tabIndex = -1;
  home.focus({ preventScroll: true });
}

export function word(name, values = {}) {
  const text = $(`[data-w="${name}"]`, $("#words").content)?.textContent || "";
  return text.replace(/\{(\w+)\}/g, (gap, key) => values[key] ?? gap);
}

/* Another device waits, and its owner sees it: from now on it does not come in by itself. */
function see() {
  if (!document.hidden && $("[data-part=devices] form")) ask({ do: "see_devices" }).catch(() => {});
}

let saying, said = 0;
export function say(text, urgent) {
  clearTimeout(saying);
  saying = setTimeout(() => {
    said = Date.now();
    $(urgent ? "#alert" : "#say").textContent = text;
  }, urgent ? 0 : Math.max(0, said + 3000 - Date.now()));
}
