/* Reads the page again every five seconds and puts what it says in place of what stands here. */

const EVERY = 5000;
const stale = document.querySelector("#stale");

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(EVERY - 500) });
    const read = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#condition");
    if (!answer.ok || !read) return location.reload(); // Signed out, or no longer allowed: the page says so.
    document.querySelector("#condition").replaceWith(document.adoptNode(read));
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
}

setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
