// Fits a scene of the hall screen into its canvas: languages together, else apart, else fewer options at a time.
// Nothing is ever smaller than the size the farthest seat can read; what does not fit takes turns.

const WIDTHS = [100, 92, 85];
const READ_MS = 2000;
const CHAR_MS = 1000 / 15;
const PAGE_MS = 8000;

/** Show one page: its languages and, if `items` is a list, only these options or rows. */
export function show(hall, page) {
  const { las, items = null, question = true } = page;
  hall.dataset.n = las.length;
  for (const text of hall.querySelectorAll("main [data-la]")) {
    const la = text.dataset.la;
    text.hidden = "first" in text.dataset ? la !== las[0] : !las.includes(la);
  }
  hall.querySelectorAll("main [data-item]").forEach((item, n) => { item.hidden = items !== null && !items.includes(n); });
  const header = hall.querySelector("main > header");
  if (header) header.hidden = !question;
}

/** How long a page stays: long enough to read it, and never under eight seconds. */
export function duration(hall, page) {
  const chars = page.las.map((la) => {
    let sum = 0;
    for (const text of hall.querySelectorAll(`main [data-la="${la}"]`)) if (text.offsetParent) sum += text.textContent.trim().length;
    return sum;
  });
  return Math.max(PAGE_MS, Math.max(0, ...chars) * CHAR_MS + READ_MS);
}

/** Choose sizes and pages. The pages come back; the first is shown. `hall` must be in the document. */
export function fit(hall) {
  const main = hall.querySelector("main");
  const all = (hall.dataset.languages ?? "").split(" ").filter(Boolean);
  if (!main || !all.length) return [];
  main.classList.remove("loose");
  hall.dataset.fitted = "";
  const steps = stepsOf(main);
  for (const groups of groupings(all)) {
    // The tightest step first: where that overflows, the roomier ones would too.
    if (!every(hall, main, groups, steps[steps.length - 1])) continue;
    const step = steps.find((each) => every(hall, main, groups, each)) ?? steps[steps.length - 1];
    return settle(hall, step, groups);
  }
  return settle(hall, steps[steps.length - 1], byItems(hall, main, all, steps[steps.length - 1]));
}

function stepsOf(main) {
  const sizes = (main.dataset.sizes ?? "84").split(" ");
  const layouts = (main.dataset.layouts ?? "only").split(" ");
  return layouts.flatMap((layout) => sizes.flatMap((size) => WIDTHS.map((width) => ({ layout, size, width }))));
}

/** Together; by two; one by one. Never two beside one: every language has the same room and the same time. */
function groupings(all) {
  const found = [[{ las: all }]];
  if (all.length === 4) found.push([{ las: all.slice(0, 2) }, { las: all.slice(2) }]);
  if (all.length > 1) found.push(all.map((la) => ({ las: [la] })));
  return found;
}

function settle(hall, step, pages) {
  apply(hall, step);
  show(hall, pages[0]);
  return pages;
}

function apply(hall, step) {
  hall.dataset.layout = step.layout;
  hall.style.setProperty("--q", step.size);
  hall.style.fontStretch = `${step.width}%`;
}

function every(hall, main, pages, step) {
  apply(hall, step);
  return pages.every((page) => {
    show(hall, page);
    return fits(main);
  });
}

function fits(main) {
  if (main.scrollHeight > main.clientHeight + 1 || main.scrollWidth > main.clientWidth + 1) return false;
  for (const text of main.querySelectorAll("[data-la], .words, .sill")) {
    if (text.offsetParent && text.scrollWidth > text.clientWidth + 1 && getComputedStyle(text).display !== "inline") return false;
  }
  return true;
}

/** One language and some options at a time, with the question above or, where that takes fewer pages, before them. */
function byItems(hall, main, all, step) {
  const count = main.querySelectorAll("[data-item]").length;
  if (!count) {
    main.classList.add("loose");
    return all.map((la) => ({ las: [la] }));
  }
  apply(hall, step);
  const above = all.flatMap((la) => packed(hall, main, la, count, true));
  const before = all.flatMap((la) => [{ las: [la], items: [] }, ...packed(hall, main, la, count, false)]);
  if (above.every((page) => !page.over) && above.length <= before.length) return above;
  if (before.some((page) => page.over)) main.classList.add("loose");
  return before;
}

/** As many items a page as fit, then shared out evenly. A page that overflows even with one item is marked `over`. */
function packed(hall, main, la, count, question) {
  const cut = (most) => {
    const pages = [];
    for (let from = 0; from < count;) {
      const page = { las: [la], items: [from], question };
      show(hall, page);
      page.over = !fits(main);
      while (!page.over && page.items.length < most && from + page.items.length < count) {
        page.items.push(from + page.items.length);
        show(hall, page);
        if (!fits(main)) {
          page.items.pop();
          break;
        }
      }
      from += page.items.length;
      pages.push(page);
    }
    return pages;
  };
  const greedy = cut(count);
  const even = cut(Math.ceil(count / greedy.length));
  return even.length === greedy.length ? even : greedy;
}
