// A screen's link: what stands after the # never reaches a log. It is posted once, then taken out of the address.

import { word } from "./live.js";

const said = document.getElementById("said");
const link = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

async function open() {
  if (!link) return word("no_link");
  const body = new URLSearchParams({ link });
  const response = await fetch("/screen/link", { method: "POST", body, headers: { accept: "application/json" } });
  const answer = await response.json();
  if (answer.ok) location.replace(answer.to);
  return answer.words;
}

/* The server may still be starting when the hall's machine is switched on. */
async function tries() {
  for (;;) {
    try {
      const words = await open();
      if (words) said.textContent = words;
      return;
    } catch {
      await new Promise((resolve) => { setTimeout(resolve, 3000); });
    }
  }
}

tries();
addEventListener("hashchange", () => location.reload());
