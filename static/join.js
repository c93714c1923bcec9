/* Before sign-in: opens the badge behind a link, and tells the server that scripts run here. */

const $ = (selector) => document.querySelector(selector);
const word = (name) => $("#words").content.querySelector(`[data-w="${name}"]`).textContent;

document.cookie = `script=1; path=/; max-age=${30 * 24 * 3600}; samesite=lax`;
const link = $("[data-link]");
if (link) {
  const secret = location.hash.slice(1);
  // Out of the address bar and the history before anything else.
  history.replaceState(null, "", location.pathname);
  if (secret) show(secret);
  else no(word("nothing"));
}

async function show(secret, tries = 0) {
  try {
    const response = await fetch("/badge", {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams({ link: secret }),
    });
    const answer = await response.json();
    if (answer.ok) location.replace(answer.to || "/");
    else no(answer.words);
  } catch {
    $("#wait").textContent = word("unreached");
    setTimeout(show, 1000 * Math.min(10, 1 + tries + Math.random()), secret, tries + 1);
  }
}

function no(words) {
  $("#wait").hidden = true;
  $("#wrong").textContent = words;
}
