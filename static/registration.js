// The registration desk: it searches while one types, prints, and shows what other desks did.

import { connect, word } from "./live.js";

const $ = (selector, root = document) => root.querySelector(selector);
const TYPED = 180;
/* Milliseconds after the last key until it is looked for. */
const PACE = 1000;
/* Milliseconds from one look at what other desks did to the next. */
const query = $("#q"), arrivals = $("#arrivals"), told = $("#told");
let typing, asked = 0, due, last = 0;

/* A part in which somebody types or has opened something stays as it is. */
const busy = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")
  || $("details[open]", part) !== null;

async function fetched(url) {
  const mine = ++asked;
  const response = await fetch(url, { headers: { accept: "text/html" }, cache: "no-store" });
  if (mine !== asked || !response.ok) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/* The same people in the same order: only the lines that changed are new, none moves under a finger. */
function lines(part, other) {
  const here = [...part.querySelectorAll(".rows > li[id]")], there = [...other.querySelectorAll(".rows > li[id]")];
  if (!here.length || here.map((one) => one.id).join() !== there.map((one) => one.id).join()) return false;
  here.forEach((one, n) => one.isEqualNode(there[n]) || one.replaceWith(there[n]));
  return true;
}

function swap(id, fresh, always) {
  const part = document.getElementById(id), other = fresh.getElementById(id);
  if (!part || !other || part.innerHTML === other.innerHTML || (!always && busy(part))) return;
  const at = document.activeElement;
  if (!always && lines(part, other)) return;
  part.replaceChildren(...other.childNodes);
  if (at.id && !at.isConnected) document.getElementById(at.id)?.focus({ preventScroll: true });
}

function count(fresh) {
  const other = fresh.getElementById("arrivals");
  if (other && other.innerHTML !== arrivals.innerHTML) arrivals.innerHTML = other.innerHTML;
}

/* What another desk did: everything on the page but what is being typed into. */
async function refresh() {
  last = Date.now();
  try {
    const url = new URL(location.href);
    url.searchParams.delete("show");
    const fresh = await fetched(url);
    if (!fresh) return;
    count(fresh);
    for (const part of document.querySelectorAll("[data-fresh]")) swap(part.id, fresh, false);
  } catch { /* the next number or the next look brings it */ }
}

function soon() {
  clearTimeout(due);
  due = setTimeout(refresh, Math.max(0, last + PACE - Date.now()));
}

async function search() {
  const url = new URL("/registration", location.href);
  if (query.value.trim()) url.searchParams.set("q", query.value);
  try {
    const fresh = await fetched(url);
    if (!fresh) return;
    history.replaceState(null, "", url);
    count(fresh);
    swap("found", fresh, true);
  } catch { /* Enter looks for it, too, and says what is wrong */ }
}

/* What opens a badge must not stand in an address. A scanner types it to its end: until then it is only not sent. */
function secret() {
  const found = query.value.includes("#");
  told.hidden = !found;
  if (found) told.textContent = word("no_secret");
  return found;
}

query.addEventListener("input", () => {
  clearTimeout(typing);
  if (secret()) return;
  typing = setTimeout(search, TYPED);
});

/* The field that a fold is opened for has the focus: a scanner types at once. */
document.addEventListener("toggle", (event) => {
  if (event.target.open) $("input:not([type=hidden], [type=radio])", event.target)?.focus();
}, true);

/* One press is one act, whatever the finger does. */
document.addEventListener("submit", (event) => {
  clearTimeout(typing);
  if (event.target === query.form && secret()) {
    event.preventDefault();
    query.value = "";
  }
  else if (event.target.dataset.sent) event.preventDefault();
  else if (event.target.method === "post") event.target.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

/* Reloading shows neither a secret nor an act again. */
const url = new URL(location.href);
if (url.searchParams.has("show")) {
  url.searchParams.delete("show");
  history.replaceState(null, "", url);
}

addEventListener("focus", soon);
let seen = arrivals.dataset.seen;
connect({
  view: "registration",
  onNumbers: ({ part, numbers }) => {
    if (part !== "arrivals") return;
    const now = [numbers.n, numbers.of, numbers.waiting, numbers.act].join(".");
    if (now !== seen) soon();
    seen = now;
  },
  onState: (state) => {
    if (state === "lost") $("#say").textContent = word("lost");
  },
});
