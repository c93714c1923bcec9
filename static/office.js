// What is nicer with a script on the organiser's pages: copying and printing a screen's link, picking a colour.

const words = (name) => document.getElementById("words").content.querySelector(`[data-w="${name}"]`)?.textContent ?? "";

for (const button of document.querySelectorAll("[data-copies]")) {
  const field = button.closest(".linkcard").querySelector("[data-copy]");
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value).catch(() => field.select());
    document.getElementById("say").textContent = words("copied");
  });
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const mine = button.closest("details");
    for (const other of document.querySelectorAll("details.link[open]")) other.open = other === mine;
    print();
  });
}
for (const picker of document.querySelectorAll("[data-picks]")) {
  const field = picker.form.elements.accent;
  picker.addEventListener("input", () => (field.value = picker.value));
  field.addEventListener("input", () => /^#[0-9a-f]{6}$/i.test(field.value) && (picker.value = field.value.toLowerCase()));
}
// On a phone the pages stand in one row: the one that is open comes into sight, and the page itself does not move.
const here = document.querySelector(".side [aria-current]"), row = here?.closest("nav");
if (row) row.scrollLeft += here.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - here.offsetWidth) / 2;
// A fold that an address leads to opens.
const open = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", open);
open();
