/* Writing a poll: only the options in use, how long it takes to read, what is missing; nothing typed is ever lost. */

import { listed, word } from "./live.js";

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const form = $("#editor");
const slots = all("[data-slot]", form);
const filled = (slot) => all("textarea", slot).some((field) => field.value.trim());
const value = (name) => form.elements[name].value;
let shown = Math.max(2, ...slots.map((slot, n) => (filled(slot) ? n : 0)));
let changed = false;

document.documentElement.dataset.desk = "on";

const words = (text) => text.trim().split(/\s+/).filter(Boolean).length;
const letters = "ABCDEFGHIJ";

function draw() {
  const motion = value("kind") === "yes_no_abstain";
  const count = motion ? 3 : shown;
  slots.forEach((slot, n) => {
    slot.hidden = n > count;
    for (const field of all("textarea", slot)) {
      field.readOnly = motion && n > 0;
      if (motion && n > 0 && n < 4) field.value = field.dataset.fixed;
    }
  });
  $("#bounds").hidden = value("kind") !== "multiple";
  $("#more").disabled = motion || shown >= 10;
  $("#fewer").disabled = motion || shown <= 2;
  const rolesOn = form.querySelector("[name=electorate]:checked").value.startsWith("roles:");
  $("#roles").hidden = !rolesOn;
  $("#clash").hidden = !(value("ballot") === "secret" && value("results") === "live");
  advise(count);
}

function advise(count) {
  const asked = all("textarea", slots[0]).filter((field) => field.value.trim());
  const counts = asked.map((field) => `${field.dataset.language.toUpperCase()} ${words(field.value)}`);
  const told = asked.length ? [word("words", { list: listed(counts) })] : [];
  const longest = Math.max(0, ...asked.map((field) => field.value.length));
  const long = asked.filter((field) => words(field.value) > 30).map((field) => field.dataset.language.toUpperCase());
  if (asked.length) told.push(word("reading", { n: Math.ceil(longest / 15 + 2) }));
  if (long.length) told.push(word("long", { languages: listed(long) }));
  else if (asked.reduce((sum, field) => sum + words(field.value), 0) > 45) told.push(word("long_all"));
  if (longest > 140) told.push(word("short_version"));
  if (told.length) $("#advice").replaceChildren(...told.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  const lacking = [];
  slots.slice(0, count + 1).forEach((slot, n) => {
    const without = all("[data-needed]", slot).filter((field) => !field.value.trim()).map((field) => field.dataset.language.toUpperCase());
    if (without.length) lacking.push(`${n ? word("option", { letter: letters[n - 1] }) : word("question")} ${listed(without)}`);
  });
  say(lacking.length ? word("missing", { what: lacking.join(document.dir === "rtl" ? "؛ " : "; ") }) : word("complete"));
}

function say(text, no = false) {
  const at = $("#missing");
  at.className = no ? "said is-no" : "quiet";
  if (at.textContent !== text) at.textContent = text;
}

$("#more").addEventListener("click", () => { shown += 1; draw(); $("textarea", slots[shown]).focus(); });
$("#fewer").addEventListener("click", () => {
  for (const field of all("textarea", slots[shown])) field.value = "";
  shown -= 1;
  changed = true;
  draw();
});
form.addEventListener("input", () => { changed = true; draw(); });
form.addEventListener("change", (event) => {
  if (event.target.dataset.role) {
    const radio = all("[name=electorate]").find((one) => one.value.startsWith("roles:"));
    const roles = all("[data-role]:checked").map((box) => box.dataset.role);
    radio.value = `roles:${roles.join(",")}`;
    const named = $("#roles-named");
    named.textContent = all("[data-role]:checked").map((box) => box.parentElement.textContent.trim()).join(named.dataset.comma);
  }
  draw();
});
addEventListener("beforeunload", (event) => changed && event.preventDefault());

/* Posted as the form it is, but answered in place: a refusal loses no text. */
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form));
  const count = value("kind") === "yes_no_abstain" ? 3 : shown;
  for (const name of [...fields.keys()]) {
    const slot = /^texts\.(\d+)\./.exec(name);
    if (slot && Number(slot[1]) > count) fields.delete(name);
  }
  try {
    const limit = AbortSignal.timeout ? AbortSignal.timeout(5000) : undefined;
    const response = await fetch(form.action, { method: "POST", body: fields, headers: { accept: "application/json" }, signal: limit });
    const answer = await response.json();
    if (answer.no) return say(answer.words, true);
    changed = false;
    location.assign(`/desk/${form.dataset.session}#poll-${answer.facts.poll}`);
  } catch {
    say(word("not_sent"), true);
  }
});

draw();
