/* Before sign-in: opens the badge behind a link once its reader says so, and tells the server that scripts run here. */

const $ = (selector) => document.querySelector(selector);
const word = (name) => $("#words").content.querySelector(`[data-w="${name}"]`)?.textContent || "";
let secret = "";

document.cookie = `script=1; path=/; max-age=${30 * 24 * 3600}; samesite=lax`;
if ($("[data-link]")) {
  read();
  // The same page with another badge behind the #.
  addEventListener("hashchange", read);
  // Away to another language or to the whole notice, and back: the badge waits in this tab.
  addEventListener("pagehide", () => keep(secret));
  addEventListener("pageshow", (event) => event.persisted && kept());
  $("#go").addEventListener("click", () => secret && show());
}

if ($("[data-waiting]")) setInterval(async () => {
  try {
    const answer = await (await fetch("/waiting", { headers: { accept: "application/json" }, cache: "no-store" })).json();
    if (answer.ok !== "device_asked") location.replace(answer.to || "/waiting");
  } catch { /* no connection: ask again */ }
}, 2000);

function read() {
  secret = location.hash.slice(1) || kept();
  // Out of the address bar and the history before anything else.
  history.replaceState(null, "", location.pathname);
  $("#go").hidden = !secret;
  $("#wrong").textContent = secret ? "" : word("nothing");
}

function keep(what) {
  try { if (what) sessionStorage["h.link"] = what; } catch { /* then the badge is scanned again */ }
}

function kept() {
  try {
    const what = sessionStorage["h.link"] || "";
    delete sessionStorage["h.link"];
    return what;
  } catch { return ""; }
}

async function show(tries = 0) {
  tell("opening", word(tries ? "unreached" : "moment"));
  try {
    const response = await fetch("/badge", {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams({ link: secret }),
    });
    const answer = await response.json();
    if (answer.ok) {
      secret = "";
      location.replace(answer.to || "/");
    } else {
      const dead = answer.no === "show_badge_first";
      if (dead) secret = "";
      tell("closed", "", dead ? word("dead") : answer.words);
    }
  } catch {
    tell("opening", word("unreached"));
    setTimeout(show, 1000 * Math.min(10, 1 + tries + Math.random()), tries + 1);
  }
}

function tell(title, wait, wrong = "") {
  $("#title").textContent = word(title);
  $("#wait").textContent = wait;
  $("#wait").hidden = !wait;
  $("#wrong").textContent = wrong;
  $("#go").hidden = !!wait || !secret;
}
