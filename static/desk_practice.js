/* Three minutes on a pretend stage. Nothing is sent: the last step is an ordinary form. */

import { word } from "./live.js";
import { readKey } from "./desk_keys.js";

const $ = (selector) => document.querySelector(selector);
const steps = [...document.querySelectorAll("[data-step]")];
const bar = $(".bar");
const HOLD = 600;
let at = 0, held = 0, since = 0;

document.documentElement.dataset.desk = "on";

/* What the pretend stage shows after each step: now, next, black. */
const AFTER = {
  b: ["p_black", "p_poll", true], b2: ["p_title", "p_poll"], take: ["p_poll", ""], o: ["p_open", ""], c: ["p_closed", ""],
  r: ["p_result", ""], l: ["p_title", ""], z: ["p_result", ""], show: ["p_poll", ""], 2: ["p_poll", "p_poll2"], "?": ["p_poll", "p_poll2"],
};

function draw() {
  steps.forEach((step, n) => {
    step.firstElementChild.className = `ring ${n < at ? "received" : n === at ? "chosen" : ""}`;
    if (n === at) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
  const done = at === steps.length;
  $("#task").textContent = done ? word("p_done") : steps[at].dataset.task;
  $("#finish").hidden = !done;
  if (done) $("#finish button").focus();
}

function pass() {
  const [now, next, black] = AFTER[steps[at].dataset.step];
  $("#pretend-now").textContent = word(now);
  $("#pretend-next").textContent = next && word(next);
  $(".stage-now").classList.toggle("is-blank", Boolean(black));
  at += 1;
  draw();
}

function letGo() {
  clearTimeout(held);
  held = 0;
  bar.classList.remove("holding");
}

document.addEventListener("keydown", (event) => {
  const name = readKey(event);
  if (!name || event.repeat || at === steps.length) {
    if (held || (name && at < steps.length)) event.preventDefault();
    return;
  }
  event.preventDefault();
  const wanted = steps[at].dataset.step;
  const meant = name === "." ? "b" : name;
  if (meant !== wanted && `${meant}2` !== wanted) {
    $("#task").textContent = `${word("p_other")} ${steps[at].dataset.task}`;
    return;
  }
  if (wanted === "o" || wanted === "r") {
    bar.classList.add("holding");
    since = event.timeStamp;
    held = setTimeout(() => { letGo(); pass(); }, HOLD);
  } else pass();
});
/* As at the desk: the key's own two events tell how long it was down, since the timer may be late. */
document.addEventListener("keyup", (event) => {
  if (!held) return;
  letGo();
  if (event.timeStamp - since >= HOLD) return pass();
  $("#task").textContent = `${word("p_hold")} ${steps[at].dataset.task}`;
});

draw();
