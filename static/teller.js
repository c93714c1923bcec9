/* The teller's page: the vote's state over the line, a count that is not lost when the page is drawn anew. */

import { connect, send, serverNow, swapPart, word } from "./live.js";

const $ = (selector, root = document) => root.querySelector(selector);
const fields = () => [...document.querySelectorAll("#f-hands input[type=number]")];
const count = (field) => Math.min(100000, Math.max(0, Math.floor(Number(field.value)) || 0));

document.documentElement.dataset.desk = "on";
connect({ view: "teller", onPart, onNumbers, onState: (state) => { $("#line").hidden = state !== "lost"; } });
setInterval(tick, 250);
tick();

/* What was typed and not saved stays, unless another question stands there. */
function onPart(frame) {
  const form = $("#f-hands"), poll = form && form.dataset.poll, at = document.activeElement && document.activeElement.id;
  const typed = new Map(fields().filter((one) => one.value !== one.dataset.was).map((one) => [one.id, one.value]));
  swapPart(frame);
  const fresh = $("#f-hands");
  if (fresh && fresh.dataset.poll === poll) {
    for (const field of fields()) if (typed.has(field.id)) field.value = typed.get(field.id);
    if (at && document.getElementById(at)) document.getElementById(at).focus({ preventScroll: true });
  }
  total();
  tick();
  return true;
}

function onNumbers({ part, numbers }) {
  const told = part === "turnout" && numbers && $(`[data-voted="${numbers.poll}"]`);
  if (told) told.textContent = numbers.n;
}

function total() {
  const sum = $("[data-total]");
  if (sum) sum.textContent = fields().reduce((n, field) => n + count(field), 0);
}

function tick() {
  for (const left of document.querySelectorAll("[data-left]")) {
    const seconds = Math.max(0, Math.ceil(Number(left.dataset.left) - serverNow()));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

function tell(words, no) {
  const said = $("#said");
  said.textContent = words;
  said.hidden = !words;
  said.classList.toggle("is-no", no);
}

document.addEventListener("input", total);
document.addEventListener("click", ({ target }) => {
  const step = target.closest("[data-step]");
  if (!step) return;
  const field = document.getElementById(step.dataset.for);
  field.value = Math.max(0, count(field) + Number(step.dataset.step));
  total();
});
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.id !== "f-hands") return;
  event.preventDefault();
  const sent = fields().map((field) => [field, count(field)]);
  const counts = Object.fromEntries(sent.map(([field, n]) => [field.id.slice(2), n]));
  const button = $(".save", form);
  button.disabled = true;
  try {
    const answer = await send({ do: "record_hands", poll: Number(form.dataset.poll), late: form.dataset.late === "true", counts });
    for (const [field, n] of sent) { field.value = n; field.dataset.was = n; }
    tell(answer.words || word("unchanged"), false);
  } catch (error) {
    tell(error.message, true);
  }
  button.disabled = false;
  if (document.activeElement === document.body && button.isConnected) button.focus();
});
