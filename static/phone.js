/* A phone's vote: its keys, its outbox, its states. What it holds in localStorage, all under "h.":
   h.s.POLL the secret behind the ballot's key; h.v.POLL the last intention and what became of it; h.p whose they are.
   An intention is saved before it is sent, and sent until it is recorded or refused: any number of arrivals are one. */

import { ask, connect, listed, refocus, say, serverNow, swapPart, word } from "./live.js";

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const body = document.body.dataset;
const AGAIN = ["try_again", "too_fast", "our_mistake", "come_back", "show_badge_first"];
const STATES = { poll_closed: "late", delegations_vote: "not_in_electorate" };
const OWN = ["changed_elsewhere", "voted_elsewhere", "not_in_electorate"];
const UNCOUNTED = ["late", "refused", "closed_unsent", "not_in_electorate"];
const memory = {}, marked = {}, asked = {}, busy = {}, warned = {}, numbers = {};
let mine = JSON.parse(body.mine || "{}"), line, lineAt = Date.now(), offline = false, trueAt = serverNow();
let editing = 0, held, kick = () => {}, settledAt = 0, backTo = 0, lastKept = false, greeted = false;

// --- what this phone keeps

let store;
try { store = localStorage; store["h.t"] = 1; store.removeItem("h.t"); } catch { store = undefined; }
const get = (key) => (store ? store.getItem(key) : memory[key]) || undefined;
const set = (key, value) => {
  try { if (store) return store.setItem(key, value); } catch { store = undefined; }
  memory[key] = value;
};
const record = (poll) => JSON.parse(get(`h.v.${poll}`) || "null");
const save = (poll, value) => set(`h.v.${poll}`, JSON.stringify(value));
const keys = () => Object.keys(store || memory).filter((key) => key.startsWith("h."));
const hex = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

function wipe() {
  for (const key of keys()) store ? store.removeItem(key) : delete memory[key];
}

function belong(person) {
  if (!person) return;
  if (get("h.p") && get("h.p") !== String(person)) wipe();
  set("h.p", String(person));
}

function secret(poll) {
  const key = `h.s.${poll}`;
  if (!get(key)) set(key, hex());
  return get(key);
}

function clock(at, seconds) {
  const told = (body.clock || "0:0:0").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  const day = (((Math.floor(at) + told - Math.floor(body.now || 0)) % 86400) + 86400) % 86400;
  const parts = [day / 3600, (day / 60) % 60, day % 60].map((n) => String(Math.floor(n)).padStart(2, "0"));
  return parts.slice(0, seconds ? 3 : 2).join(":");
}

// --- the ballot on the page

const ballot = () => $("[data-part=now] [data-poll]");
const id = (element) => Number(element.dataset.poll);
const picked = (form) => all("input:checked", form).map((input) => Number(input.value));
const pending = (poll) => record(poll)?.state === "pending";
const age = (saved) => (Date.now() - saved.since) / 1000;

function stateOf(element) {
  const poll = id(element), saved = record(poll), { state, ballot: kind } = element.dataset;
  const known = mine.poll === poll ? mine : {}, open = state === "open";
  if (saved?.state === "pending") return age(saved) < 0.4 ? "chosen" : age(saved) < 4 ? "sending" : "kept";
  if (editing === poll && open) return picked(element).length ? "chosen" : "empty";
  let found = saved?.state;
  if (known.turn > (saved?.turn || 0)) found = kind === "secret" ? "voted_elsewhere" : saved ? "changed_elsewhere" : "recorded";
  else if (!found && known.turn) found = "recorded";
  else if (!found && known.elector === false) found = "not_in_electorate";
  if (state === "revealed") return found === "late" || found === "refused" ? found : "empty";
  if (found) return found;
  if (open) return picked(element).length ? "chosen" : "empty";
  return known.elector || asked[poll] ? "closed_unsent" : "empty";
}

function choices(poll) {
  const saved = record(poll);
  if (mine.poll === poll && mine.turn > (saved?.turn || 0)) return mine.marks;
  return saved ? saved.marks || marked[poll] || [] : undefined;
}

/* Make the page say what is true: after a swap, an answer, a press, and as time goes by. */
function adopt() {
  const element = ballot(), at = document.activeElement;
  if (!element) return notices();
  const poll = id(element), saved = record(poll), form = element.tagName === "FORM";
  if (form) asked[poll] = true;
  const state = stateOf(element);
  if (form) {
    const set = $("fieldset", element), free = element.dataset.state === "open" && (state === "empty" || state === "chosen") && !pending(poll);
    const known = editing === poll ? undefined : choices(poll);
    if (known) for (const input of all("input[name=marks]", element)) input.checked = known.includes(Number(input.value));
    else if (free && editing !== poll) restore(element);
    if (!free && set.contains(document.activeElement)) $(".act .btn", element)?.focus({ preventScroll: true });
    set.disabled = !free;
    for (const row of all(".row", element)) row.classList.toggle("is", $("input", row).checked);
    count(element);
    const keep = $("[data-keep]", element);
    if (keep) keep.hidden = editing !== poll;
    const corrected = $("[data-corrected]", element);
    if (corrected) corrected.hidden = !(saved || mine.turn) || (saved?.wording || 1) >= Number(element.dataset.wording);
  }
  const now = form ? stateOf(element) : state;
  element.dataset.my = now;
  element.toggleAttribute("data-busy", pending(poll));
  const button = $(".act .btn", element);
  if (button) button.setAttribute("aria-disabled", String(pending(poll)));
  for (const one of all("[data-received]", element)) one.textContent = saved?.at ? one.dataset.text.replace("{time}", clock(saved.at, true)) : "";
  for (const one of all("[data-refusal]", element)) one.textContent = saved?.words || "";
  for (const one of all("[data-unkept]", element)) one.hidden = !!store;
  for (const one of all("[data-kept]", element)) one.hidden = !store;
  const counted = pending(poll) || UNCOUNTED.includes(now) ? [] : choices(poll) || [];
  if (element.dataset.ballot !== "secret")
    for (const one of all("[data-item]", element)) $("[data-mine]", one).hidden = !counted.includes(Number(one.dataset.item));
  for (const part of Object.keys(numbers)) show(part);
  refocus(at);
  notices();
}

function count(form) {
  const n = picked(form).length, text = $("[data-chosen]", form);
  if (!text) return;
  text.textContent = (n >= Number(form.dataset.max) ? text.dataset.full : text.dataset.text).replace("{n}", n);
  for (const one of all("[data-count]", form)) one.hidden = Number(one.dataset.count) !== n;
}

const draft = (poll) => `h.d.${poll}`;
function restore(form) {
  if (picked(form).length) return;
  try {
    const kept = JSON.parse(sessionStorage[draft(id(form))] || "[]");
    for (const input of all("input[name=marks]", form)) if (kept.includes(Number(input.value))) input.checked = true;
  } catch { /* nothing was kept */ }
}

document.addEventListener("change", ({ target }) => {
  const form = target.closest("form[data-poll]");
  if (!form) return;
  notice("choose");
  if (picked(form).length > Number(form.dataset.max)) {
    target.checked = false;
    say($("[data-chosen]", form).textContent);
  }
  try { if (form.dataset.ballot !== "secret") sessionStorage[draft(id(form))] = JSON.stringify(picked(form)); } catch { /* not kept */ }
  adopt();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-device]")) {
    // Not a page of its own: what is chosen below must stay chosen.
    event.preventDefault();
    const command = { do: form.getAttribute("action").slice(4), number: Number(form.elements.number.value) };
    ask(command).then((answer) => {
      tell("device", answer.words, "", false, !!answer.ok);
      if (answer.ok) form.closest("section").remove();
    }, () => tell("device", word("not_sent")));
    return;
  }
  if (form.matches("[data-leave]")) {
    if (keys().some((key) => key.startsWith("h.v.") && pending(key.slice(4))) && !lastKept) {
      lastKept = true;
      event.preventDefault();
      tell("kept", word(store ? "kept" : "unkept"));
    } else wipe();
  }
  if (!form.matches("form[data-poll]")) return;
  event.preventDefault();
  const poll = id(form), state = stateOf(form);
  if (form.dataset.state !== "open" || pending(poll) || Date.now() - settledAt < 600) return;
  if (state === "empty" || state === "chosen") {
    if (picked(form).length < Math.max(1, Number(form.dataset.min))) tell("choose", word("choose"));
    else cast(form);
  } else {
    editing = poll;
    adopt();
  }
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-keep]")) {
    editing = 0;
    adopt();
    $(".act .btn").focus({ preventScroll: true });
  } else if (target.closest("#n-elsewhere button")) {
    ask({ do: "check_in", session: backTo }).then(() => location.assign("/"), () => {});
  } else if (target.closest("[data-stay]")) {
    stay = $("#moved").dataset.to;
    place();
    try { sessionStorage["h.stay"] = stay; } catch { /* it is told again */ }
  } else if (target.closest("[data-show]")) release();
});

// --- the outbox

function cast(form) {
  const poll = id(form), before = record(poll);
  const turn = Math.max(before?.turn || 0, mine.poll === poll ? mine.turn : 0) + 1;
  const counted = before && (before.state === "recorded" || before.state === "changed");
  save(poll, {
    turn, intent: hex(), marks: picked(form), wording: Number(form.dataset.wording), state: "pending", since: Date.now(),
    seat: Number(body.seat), secret: form.dataset.ballot === "secret", before: counted ? before : undefined, changed: !!counted || (mine.poll === poll && mine.turn > 0),
  });
  editing = 0;
  notice("late");
  notice("unsent");
  try { sessionStorage.removeItem(draft(poll)); } catch { /* was not kept */ }
  for (const after of [410, 4010, 10010]) setTimeout(adopt, after);
  adopt();
  deliver(poll);
}

async function deliver(poll) {
  if (busy[poll]) return;
  busy[poll] = true;
  for (let tries = 0; pending(poll); tries += 1) {
    const { intent, turn, marks } = record(poll);
    const command = { do: "cast_vote", poll, secret: secret(poll), intent, turn, marks: marks.map((item) => [item]) };
    try {
      // First as the line is, then in turn: a socket may look open and be dead.
      if (settle(await ask(command, { limit: 5, ...(tries % 2 && { post: true }) }), command)) break;
    } catch { /* nothing answered: it stays in the outbox */ }
    await new Promise((go) => {
      kick = go;
      setTimeout(go, Math.min(10, 0.5 * 2 ** tries) * (750 + 500 * Math.random()));
    });
  }
  busy[poll] = false;
}

function settle(answer, command) {
  const { poll, intent, turn } = command;
  const saved = record(poll);
  if (saved?.intent !== intent || saved.state !== "pending") return true;
  if (answer.no && AGAIN.includes(answer.no)) return false;
  const late = age(saved) > 10;
  settledAt = Date.now();
  if (answer.no === "in_another_session") {
    // As if it had not been sent: whoever comes back finds the choice still made.
    save(poll, saved.before || null);
    try { if (!saved.secret) sessionStorage[draft(poll)] = JSON.stringify(saved.marks); } catch { /* not kept */ }
    backTo = saved.seat;
    tell("elsewhere", answer.words, word("switch"), true);
  } else if (answer.no) {
    saved.state = STATES[answer.no] || (OWN.includes(answer.no) ? answer.no : "refused");
    saved.words = answer.words;
    if (saved.changed && (saved.state === "late" || saved.state === "refused")) {
      // The earlier vote counts: as this phone kept it, or else as the register holds it.
      save(poll, saved.before || null);
      if (saved.state === "late") tell("late", word("late_change"), "", true);
      else tell("late", word("refused_change"), "", true, false, answer.words);
    } else {
      save(poll, saved);
      notice("back");
      if (!shownStatus(poll, saved.state)) tell("late", answer.words);
      say(answer.words, saved.state === "late");
    }
  } else {
    const theirs = answer.facts?.turn > turn;
    saved.state = theirs ? "changed_elsewhere" : saved.changed ? "changed" : "recorded";
    saved.at = answer.at;
    delete saved.before;
    if (saved.secret) {
      marked[poll] = saved.marks;
      delete saved.marks;
    }
    save(poll, saved);
    const words = shownStatus(poll, saved.state);
    if (words) say(words);
    if (late || !words) tell("went", word("went", { time: clock(answer.at, true) }), "", false, true);
    navigator.vibrate?.(12);
  }
  if (mine.poll === poll) mine.turn = Math.max(mine.turn, answer.facts?.turn || 0);
  adopt();
  if (held) setTimeout(() => ballot() && !unsent(ballot()) && release(), 3000);
  return true;
}

function shownStatus(poll, state) {
  const element = ballot();
  return element && id(element) === poll ? $(`.status[data-when~=${state}] b`, element)?.textContent : "";
}

// --- what comes down

const unsent = (form) =>
  form.tagName === "FORM" && form.dataset.state === "open" &&
  (pending(id(form)) || editing === id(form) || form.dataset.my === "chosen" || !!document.activeElement.closest("fieldset"));

function onPart(frame) {
  trueAt = serverNow();
  if (frame.part !== "now") {
    const fold = () => $(`[data-part=${frame.part}] details`) || {}, { open } = fold();
    swapPart(frame);
    fold().open = open;
    if (frame.part === "place") place(true);
    seat();
    return true;
  }
  const part = $("[data-part=now]"), [poll, round, state] = (frame.key || "").split(".");
  if (!part) {
    const idle = mine.poll === Number(poll) && (mine.turn || mine.elector === false);
    if (state !== "open") $("#spot").hidden = true;
    else if (!idle && !record(poll)) spot();
    return true;
  }
  const element = ballot(), same = element?.id === `ballot-${poll}-${round}`;
  if (same && element.tagName === "FORM" && (state === "open" || state === "closing")) patch(element, frame);
  else if (element && !same && unsent(element) && poll !== "session") {
    held = frame;
    tell("new", word("new"), word("show"));
  } else swap(frame, same);
  return true;
}

/* A form that stands keeps its choices: only what is marked for it is exchanged. */
function patch(form, frame) {
  const fresh = document.createElement("template");
  fresh.innerHTML = frame.html;
  const next = $("form[data-poll]", fresh.content);
  for (const name of ["data-state", "data-closes", "data-closes-text", "data-wording"]) form.setAttribute(name, next.getAttribute(name));
  for (const one of all("[data-sync]", next)) document.getElementById(one.id)?.replaceWith(one);
  $("[data-part=now]").dataset.is = frame.is;
  if (form.dataset.state === "open") notice("unsent");
  else if (editing) {
    tell("unsent", word("unsent_change"));
    editing = 0;
  }
  adopt();
}

function swap(frame, same) {
  held = undefined;
  notice("new");
  if (!same) {
    editing = 0;
    notice("unsent");
  }
  swapPart(frame);
  adopt();
  const element = ballot();
  if (!element) return;
  if (!same) askWhose(element);
  const question = $(".q", element).textContent;
  if (element.dataset.state === "open" && !same) say(word("open", { question }));
  if (element.dataset.state === "revealed" && $(".res", element)) {
    const list = all(".res", element).map((row) => `${$(".tx", row).textContent} ${$(".v", row).textContent.replace(/\s+/g, " ").trim()}`);
    say(word("results", { list: listed(list) }));
  }
}

/* Whether this vote is ours. A participant who is here when a poll for those present opens is one of them;
   anybody else asks the register, not all in the same second. */
function askWhose(form) {
  const poll = id(form);
  if (form.dataset.state !== "open" || mine.poll === poll || (form.dataset.electorate === "present" && body.role === "participant")) return;
  setTimeout(async () => {
    try {
      const response = await fetch("/live?view=phone", { headers: { accept: "application/json" }, cache: "no-store" });
      const told = (await response.json()).find((frame) => frame.part === "my");
      if (told?.numbers.poll === poll && mine.poll !== poll) onNumbers(told);
    } catch { /* a vote that is not ours is refused in words */ }
  }, 1000 * Math.random());
}

function release() {
  if (held) swap(held, false);
}

function onNumbers(frame) {
  trueAt = serverNow();
  numbers[frame.part] = frame.numbers;
  if (frame.part === "my") {
    greeted = true;
    if (frame.numbers.poll !== (mine.poll ?? frame.numbers.poll) && frame.numbers.elector && !frame.numbers.turn) spot();
    mine = frame.numbers;
    const moved = String(mine.session) !== body.seat;
    if (moved && $("[data-part=now]")) return location.assign("/");
    if (moved) body.seat = mine.session;
    seat();
    adopt();
  } else {
    // On another page: a poll that was not there when we came was opened meanwhile. Before `my` it may be an old figure.
    if (frame.part === "turnout" && greeted && frame.numbers.poll && frame.numbers.poll !== mine.poll) spot();
    show(frame.part);
  }
}

function show(part) {
  const told = numbers[part];
  const element = part === "turnout" ? $(`[data-turnout="${told.poll}"]`) : part === "here" && $(".mini[data-here]");
  if (!element) return;
  // Nobody yet is old news: whoever sees this is here, or has answered.
  element.hidden = !told.n;
  if (!told.n) return;
  const rules = new Intl.PluralRules(document.documentElement.lang), form = rules.select(told.n);
  const forms = all("[data-as]", element), fits = forms.find((one) => rules.select(Number(one.dataset.as)) === form) || forms.at(-1);
  for (const one of forms) one.hidden = one !== fits;
  for (const one of all("[data-n]", element)) one.textContent = told.n;
  const svg = $("svg", element), dots = all("circle", svg);
  let unit = Number(svg.dataset.unit);
  const of = Number(svg.dataset.of);
  if (told.n > of) unit = [5, 10, 25].find((each) => told.n / each <= dots.length) || 25;
  const on = !told.n ? 0 : told.n === of ? dots.length : Math.max(1, Math.min(dots.length - (told.n < of), Math.round(told.n / unit)));
  for (const dot of dots) dot.classList.toggle("on", Number(dot.dataset.o) < on);
  $("[data-dot]", element).textContent = unit > 1 ? word(`dot${unit}`) : "";
}

/* Where the session is now stands in the head of every page. That it was moved is told until the reader stays. */
let stay;
function place(fresh) {
  const hall = $("[data-hall]"), head = $(".top .t span"), told = $("#moved");
  if (fresh && hall && head) [head.textContent, head.lang] = [hall.textContent, hall.lang];
  if (!told) return;
  told.hidden = stay === told.dataset.to;
  if (fresh && !told.hidden) say($("#moved b").textContent, true);
}

function spot() {
  if ($("[data-part=now]") || !$("#spot")?.hidden) return;
  $("#spot").hidden = false;
  say($("#spot").textContent.trim());
}

function seat() {
  for (const row of all("li[data-session]")) {
    const here = row.dataset.session === body.seat, form = $("form", row), mark = $("[data-here]", row);
    if (form) form.hidden = here;
    if (mark) mark.hidden = !here;
  }
}

// --- notices

function notice(name) {
  $(`#n-${name}`)?.remove();
}

/* A line at the top of the page: bold, sentence, and a link for what can be done. Spoken once. */
function tell(name, bold, link = "", urgent = false, good = false, rest = "") {
  const old = $(`#n-${name}`), text = `${bold} ${rest}`.trim();
  if (old?.dataset.text === text) return;
  const p = document.createElement("p");
  p.id = `n-${name}`;
  p.dataset.text = text;
  p.className = `notice${good ? " good" : ""}`;
  p.innerHTML = `<span class="ring ${good ? "received" : "attn"}" aria-hidden="true"></span><span><b></b> <span></span>${link && '<button class="link" type="button" data-show></button>'}</span>`;
  $("b", p).textContent = bold;
  $("b + span", p).textContent = rest;
  if (link) $("button", p).textContent = link;
  if (old) old.replaceWith(p);
  else $("#notices")[urgent ? "prepend" : "append"](p);
  if (good) setTimeout(() => p.remove(), 6000);
  say(text, urgent);
}

function notices() {
  const element = ballot(), saved = element && record(id(element));
  const waits = saved?.state === "pending" && age(saved) > 10;
  const down = line !== "open" && line !== "polling" && (offline || Date.now() - lineAt > 10000);
  if (waits || down) {
    const closes = element?.dataset.closesText;
    const kept = saved?.state === "pending" ? word(store ? "kept" : "unkept") : word("stale", { time: clock(trueAt) });
    tell("offline", word("offline"), "", false, false, kept + (closes ? ` ${word("closes", { time: closes })}` : ""));
  } else if ($("#n-offline")) {
    notice("offline");
    // Never above the news that an answer came too late.
    if (!UNCOUNTED.includes(saved?.state)) tell("back", word("back"), "", false, true);
  }
}

/* The screen stays on where the reader chose so: in sight, and while something is open or awaited. */
let awake;
function wake() {
  const wanted = !document.hidden && $("[data-awake] :is([data-waits], form[data-state=open])");
  if (wanted) awake ||= navigator.wakeLock?.request("screen").catch(() => { /* the phone saves its battery */ });
  else {
    awake?.then((lock) => lock?.release());
    awake = undefined;
  }
}

function pass() {
  wake();
  if (line === "open") trueAt = serverNow();
  notices();
  const form = $("form[data-poll][data-state=open]");
  const left = form?.dataset.closes ? Number(form.dataset.closes) - serverNow() : 0;
  const soon = form && $("[data-soon]", form);
  if (soon) soon.hidden = !(left > 0 && left <= 30);
  if (left > 0 && left <= 30 && !warned[form.id]) {
    warned[form.id] = true;
    say(word("soon"));
  }
}

// --- begin

document.cookie = `script=1; path=/; max-age=${30 * 24 * 3600}; samesite=lax`;
try {
  delete sessionStorage["h.link"];
  stay = sessionStorage["h.stay"];
} catch { /* no badge waits there */ }
belong(body.person);
seat();
place();
adopt();
if (navigator.wakeLock) $("#awake")?.removeAttribute("hidden");
document.addEventListener("visibilitychange", wake);
for (const key of keys()) if (key.startsWith("h.v.") && pending(key.slice(4))) deliver(Number(key.slice(4)));
addEventListener("storage", adopt);
setInterval(pass, 1000);
connect({
  view: "phone",
  onPart,
  onNumbers,
  onHello({ person }) {
    greeted = false;
    belong(person);
  },
  onLate: (answer, command) => command.do === "cast_vote" && settle(answer, command),
  onState(state, why) {
    if (state !== line) lineAt = Date.now();
    line = state;
    offline = why === "offline";
    if (state === "open") {
      kick();
      trueAt = serverNow();
    }
    notices();
  },
});
