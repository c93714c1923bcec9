/* The desk: forms become commands over the line, frames are morphed in without moving anything, keys for who learned. */

import { connect, refocus, say, send, serverNow, word } from "./live.js";
import { morph } from "./desk_morph.js";
import { readKey } from "./desk_keys.js";

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const desk = $("#desk");
const me = document.body.dataset.person;
const HOLD = 600, AGAIN = 5000, UNSURE = 1000, FRESH = 3000;
const armed = new Map();
const busy = new Set();
let chosen = 0, looking = 0, program, said = 0, counting = 0, unsure = { version: "", since: 0 }, holding = null;

document.documentElement.dataset.desk = "on";

/* --- what is shown */

function selected() {
  const id = Number(/^#poll-(\d+)$/.exec(location.hash)?.[1] || 0);
  if (id && document.getElementById(`poll-${id}`)) return id;
  return chosen || Number($(".poll.first")?.id.slice(5) || 0);
}

function mark() {
  const before = chosen;
  chosen = selected();
  for (const poll of all(".poll")) poll.toggleAttribute("data-on", poll.id === `poll-${chosen}`);
  for (const tab of all("[data-poll]")) {
    if (Number(tab.dataset.poll) === chosen) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  if (chosen !== before) {
    sight.disconnect();
    for (const one of all("[data-poll], .tabsx ul")) sight.observe(one);
  }
  const now = $(".mon.now")?.dataset || {};
  for (const row of all("[data-scene]")) {
    row.dataset.mark = row.dataset.scene === now.program ? "now" : row.dataset.scene === now.next ? "next" : "";
  }
  if (now.program !== program) showInRun($('.run [data-mark="now"]'));
  program = now.program;
  if (looking) openFigures();
  const seal = counting && $(`#poll-${counting} [data-seal]`);
  if (seal) {
    counting = 0;
    tell(seal.textContent);
  }
  watch(now);
  tick();
}

/* Along its row only: the page itself does not move. The row begins with a whole tab, on whichever side that is. */
function intoSight(tab) {
  const row = tab?.closest("ul");
  if (!row) return;
  const rtl = document.dir === "rtl", box = row.getBoundingClientRect();
  const start = (one) => { const at = one.getBoundingClientRect(); return rtl ? box.right - at.right : at.left - box.left; };
  const over = start(tab) + tab.offsetWidth - box.width;
  let by = Math.min(0, start(tab));
  if (over > 0) by = start(all("a", row).find((one) => start(one) >= over) || tab);
  row.scrollLeft += rtl ? -by : by;
}

/* Again whenever tabs or their row change size: fonts come late, states change, somebody joins the desk. */
const sight = new ResizeObserver(() => intoSight($("[data-poll][aria-current]")));

/* In the run list's own box, one row below its top: what was before stays in sight, and what comes. */
function showInRun(row) {
  const run = row?.closest(".run");
  if (!run || run.scrollHeight <= run.clientHeight) return;
  run.scrollTop += row.getBoundingClientRect().top - run.getBoundingClientRect().top - row.offsetHeight;
}

/* Only at the desk that pressed "Look first": another one may be mirrored. */
function openFigures() {
  const fold = document.getElementById(`d-figures-${looking}`);
  if (!fold) return;
  fold.open = true;
  looking = 0;
  fold.scrollIntoView({ block: "nearest" });
}

/* What was sent and not confirmed for a second says so; a frame that comes meanwhile does not start the second again. */
function watch(now) {
  const version = now.confirmed === "no" ? now.version : "";
  if (version !== unsure.version) unsure = { version, since: Date.now() };
  desk.dataset.unsure = version && Date.now() - unsure.since >= UNSURE ? "late" : "";
  if (version && !desk.dataset.unsure) setTimeout(() => watch($(".mon.now").dataset), UNSURE);
}

/* The event's own time from its clock at loading: minutes east of Greenwich, between -12 and +14 hours. */
const DAY = 1440;
const minutesOf = (text) => text.split(":").reduce((hours, minutes) => hours * 60 + Number(minutes), 0);
const east = (() => {
  const loaded = Math.floor(Number(document.body.dataset.now || Date.now() / 1000) / 60);
  const shift = (((minutesOf(document.body.dataset.clock.slice(0, 5)) - loaded) % DAY) + DAY) % DAY;
  return shift > 14 * 60 ? shift - DAY : shift;
})();

function tick() {
  const now = serverNow();
  const local = new Date((now + east * 60) * 1000).toISOString();
  put("#clock", local.slice(11, 16));
  // An end such as 24:30 is after midnight, and counts on into the next day.
  const place = $("[data-end]").dataset;
  const end = minutesOf(place.end), ahead = (Date.parse(place.day) - Date.parse(local.slice(0, 10))) / 6e4;
  const left = end + ahead - minutesOf(local.slice(11, 16));
  put("#left", ahead === 0 || (ahead === -DAY && end > DAY) ? word(left > 99 ? "left_long" : left >= 0 ? "left" : "over", { h: Math.floor(left / 60), m: left % 60, n: Math.abs(left) }) : "");
  for (const timer of all("[data-left]")) {
    const seconds = Math.max(0, Math.ceil(Number(timer.dataset.left) - now));
    timer.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

function put(selector, text) {
  const element = $(selector);
  if (element && element.textContent !== text) element.textContent = text;
}

/* --- frames */

function onPart(frame) {
  const part = $(`[data-part="${frame.part}"]`);
  if (!part || (frame.is && part.dataset.is === frame.is)) return true;
  const fresh = document.createElement("template"), at = document.activeElement, around = surroundings(at);
  fresh.innerHTML = frame.html;
  morph(part, fresh.content);
  part.dataset.is = frame.is || "";
  mark();
  if (frame.part === "journal") fromJournal();
  refocus(at, around);
  return true;
}

/* From the nearest outwards. The next Tab goes on from there; nothing is pressed by pressing twice. */
function surroundings(at) {
  const found = [];
  for (let one = at; (one = one.parentElement?.closest("li, section, details, article, .side, main")); ) found.push(one);
  return found;
}

function onNumbers({ part, numbers }) {
  if (part !== "turnout" || !numbers.poll) return;
  for (const what of ["turnout", "deleted"]) put(`[data-${what}="${numbers.poll}"]`, String(numbers.n));
  const bar = $(`[data-turnout-bar="${numbers.poll}"]`);
  if (bar) bar.setAttribute("width", `${numbers.of ? Math.min(100, (100 * numbers.n) / numbers.of).toFixed(1) : 0}%`);
}

/* --- the last action: one place, until the next */

const myLast = () => $(`#log li[data-person="${me}"]`);

function tell(text, no = false) {
  const bar = $("#last");
  bar.hidden = false;
  bar.classList.toggle("is-no", no);
  put("#last-words", text);
  said = Date.now();
  offerUndo(!no);
}

/* Between "done" and the journal that tells it, the newest entry is still the act before: that one is not offered. */
let behind = "";
const undoable = (row) => row?.dataset.undoable === "yes" && row.dataset.entry !== behind;

function offerUndo(may) {
  const row = myLast();
  const form = $("#f-undo"), at = document.activeElement;
  form.hidden = !(may && undoable(row));
  if (row) form.elements.entry.value = row.dataset.entry;
  refocus(at, [$("#last")]);
}

let lastEntry = myLast()?.dataset.entry || "";
function fromJournal() {
  const row = myLast();
  if (!row || $("#last").classList.contains("is-no")) return;
  if (row.dataset.entry !== lastEntry && Date.now() - said > FRESH) tell($(".said", row).textContent);
  lastEntry = row.dataset.entry;
  offerUndo(true);
}

/* --- commands */

function build(form, button) {
  const action = button?.getAttribute("formaction") || form.getAttribute("action");
  const command = { do: action.split("/").pop() };
  const types = {};
  for (const field of form.elements) if (field.name && field.dataset.type) types[field.name] = field.dataset.type;
  const fields = [...new FormData(form)];
  if (button?.name) {
    fields.push([button.name, button.value]);
    if (button.dataset.type) types[button.name] = button.dataset.type;
  }
  for (const [name, value] of fields) {
    if (name === "next") continue;
    const type = types[name];
    if (type && value === "") continue;
    const typed = type === "bool" ? value === "true" : type ? Number(value) : value;
    const path = name.split(".");
    let node = command;
    for (const step of path.slice(0, -1)) node = node[step] ??= {};
    node[path.at(-1)] = typed;
  }
  return command;
}

async function run(form, button) {
  const key = form.id;
  if (busy.has(key)) return;
  if (!form.reportValidity()) return;
  for (const field of all("[data-until-from]", form)) {
    field.value = String(Math.round(serverNow() + 60 * Number($("[data-minutes]", form).value)));
  }
  const command = build(form, button);
  if (button?.dataset.more) {
    command.seconds = Math.max(1, Math.round(Number(button.dataset.closes) - serverNow())) + Number(button.dataset.more);
  }
  if (command.do === "take" && (armed.get(key) || 0) > Date.now()) command.again = true;
  armed.delete(key);
  counting = 0;
  busy.add(key);
  const newest = myLast()?.dataset.entry || "";
  button?.setAttribute("aria-busy", "true");
  try {
    const answer = await send(command);
    for (const field of all("textarea, input:not([type=hidden])", form)) field.value = field.defaultValue;
    for (const field of all("input[type=checkbox]", form)) field.checked = field.defaultChecked;
    if (answer.facts?.poll && command.do === "new_round") location.hash = `poll-${answer.facts.poll}`;
    if (command.do === "look_first") {
      looking = command.poll;
      openFigures();
    }
    if (command.do === "end_voting") counting = command.poll;
    if (answer.ok !== "done") behind = newest;
    if (answer.words) tell(answer.words);
    else tell(word("done"));
  } catch (refused) {
    if (refused.key === "just_taken") armed.set(key, Date.now() + AGAIN);
    tell(refused.message, true);
  } finally {
    busy.delete(key);
    button?.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.plain !== undefined || !form.getAttribute("action")?.startsWith("/do/")) return;
  event.preventDefault();
  run(form, event.submitter || $("button", form));
});

const press = (id) => {
  const form = document.getElementById(id);
  if (form && !form.hidden) run(form, $("button", form));
  return Boolean(form);
};

/* --- choosing */

addEventListener("hashchange", () => {
  if (location.hash.startsWith("#poll-")) tab("polls");
  mark();
});

function tab(name) {
  desk.dataset.tab = name;
  for (const link of all("[data-tab-to]")) {
    if (link.dataset.tabTo === name) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-tab-to]");
  if (!link) return;
  event.preventDefault();
  tab(link.dataset.tabTo);
  scrollTo({ top: 0 });
});

/* --- keys */

const learned = () => desk.dataset.keys === "on";
const KEYS = {
  l: () => press("f-title"),
  c: () => press(`f-end-voting-${chosen}`),
  z: () => {
    const row = myLast();
    if (row && row.dataset.entry === behind) return;
    if (!undoable(row)) return tell(word("no_undo"), true);
    offerUndo(true);
    press("f-undo");
  },
  take: () => press("f-take"),
  show: () => press(`f-show-${chosen}`),
  "/": () => $("[data-poll][aria-current]")?.focus(),
  "?": () => { tab("more"); $("#keys").focus(); },
};
for (const n of [1, 2, 3, 4]) KEYS[n] = () => { const link = all("[data-poll]")[n - 1]; if (link) location.hash = `poll-${link.dataset.poll}`; };
const HELD = { o: () => `f-open-poll-${chosen}`, r: () => `f-reveal-${chosen}` };

function hold(id, since) {
  const form = document.getElementById(id);
  const button = form && $("button", form);
  if (!button) return;
  button.classList.add("holding");
  const act = () => { release(true); run(form, button); };
  holding = { button, since, act, timer: setTimeout(act, HOLD) };
}

function release(done) {
  if (!holding) return;
  clearTimeout(holding.timer);
  holding.button.classList.remove("holding");
  holding = null;
  if (!done) tell(word("hold"), true);
}

/* How long a key was down is told by its own two events: on a busy machine the timer may be late. */
function letGo(event) {
  if (holding && event.timeStamp - holding.since >= HOLD) holding.act();
  else release(false);
}

document.addEventListener("keydown", (event) => {
  const name = readKey(event);
  if (!name || event.repeat) {
    if (name && holding) event.preventDefault();
    return;
  }
  if (name === "b" || name === ".") press("f-blank");
  else if (!learned()) return;
  else if (HELD[name]) hold(HELD[name](), event.timeStamp);
  else if (KEYS[name]) KEYS[name]();
  else return;
  event.preventDefault();
});
document.addEventListener("keyup", letGo);
addEventListener("blur", () => release(false));

/* --- begin */

if (location.hash.startsWith("#poll-")) tab("polls");
mark();
if ($("#last").hidden && myLast()) tell($(".said", myLast()).textContent);
said = 0;
setInterval(tick, 1000);
connect({
  view: "desk",
  onPart,
  onNumbers,
  onState: (state) => {
    desk.dataset.line = state;
    if (state === "lost") say($(".line").textContent);
  },
  onLate: (answer) => tell(answer.words || word("done"), Boolean(answer.no)),
});
