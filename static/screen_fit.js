// Fits a scene of the hall screen into its canvas: languages together, else apart, else fewer options at a time.
// Nothing is ever smaller than the size the farthest seat can read; what does not fit takes turns.

const WIDTHS = [100, 92, 85];
const READ_MS = 2000;
const CHAR_MS = 1000 / 15;
const PAGE_MS = 8000;

/** Show one page: its languages in their direction and, if `items` is a list, only these options or rows. On a page
    that goes on with options, the question stands `again`, small, for those who came late. */
export function show(hall, page) {
  const { las, items = null, question = "full" } = page;
  const main = hall.querySelector("main");
  hall.dataset.n = las.length;
  hall.dir = hall.querySelector(`[data-la="${las[0]}"]`)?.dir || hall.dir;
  for (const text of main.querySelectorAll("[data-la]")) {
    const la = text.dataset.la;
    text.hidden = "first" in text.dataset ? la !== las[0] : !las.includes(la);
  }
  main.querySelectorAll("[data-item]").forEach((item, n) => { item.hidden = items !== null && !items.includes(n); });
  main.querySelector("header")?.classList.toggle("again", question === "again");
  const apart = items?.length && items.length < main.querySelectorAll("[data-item]").length;
  for (const text of hall.querySelectorAll("[data-some]")) some(text, las, apart ? items : []);
  where(hall, las);
}

/** Which options stand here, where they take turns: "1–2 of 4". */
function some(text, las, items) {
  text.hidden = !items.length || text.dataset.some !== las[0];
  if (text.hidden) return;
  const ends = [...new Set([items[0], items.at(-1)])].map((n) => n + 1);
  text.textContent = text.dataset.text.replace("{some}", ends.join("–"));
}

/** The Sill speaks the languages of the page. Where it has no room for the titles, the hall is named. */
function where(hall, las) {
  const at = hall.querySelector(".where");
  if (!at) return;
  for (const text of at.children) text.hidden = !las.includes(text.dataset.la);
  at.classList.remove("halls");
  at.classList.toggle("halls", cut(at));
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
  if ("together" in main.dataset) {
    return settle(hall, steps.find((each) => every(hall, main, [{ las: all }], each)) ?? steps.at(-1), [{ las: all }]);
  }
  for (const groups of groupings(all)) {
    // The tightest step first: where that overflows, the roomier ones would too.
    if (!every(hall, main, groups, steps.at(-1))) continue;
    const step = steps.find((each) => every(hall, main, groups, each)) ?? steps.at(-1);
    return settle(hall, step, groups);
  }
  // Nothing stands whole in any language: the layout with the fewest pages, of these the roomiest, at the least size.
  const least = [...new Set(steps.map((each) => each.layout))].map((layout) => ({ ...steps.at(-1), layout }));
  const ways = least.map((step) => ({ step, pages: byItems(hall, main, all, step) }));
  const whole = ways.filter(({ pages }) => !pages.some((page) => page.over));
  if (!whole.length) main.classList.add("loose");
  const { step, pages } = (whole.length ? whole : ways.slice(-1)).reduce(shorter);
  return settle(hall, step, pages);
}

/** What must be read at once gets smaller rather than taking turns. */
function stepsOf(main) {
  const sizes = `${main.dataset.sizes ?? "84"}${"together" in main.dataset ? " 58 50 44 38" : ""}`.split(" ");
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
  for (const text of main.querySelectorAll("[data-la], .words")) {
    if (text.offsetParent && text.scrollWidth > text.clientWidth + 1 && getComputedStyle(text).display !== "inline") return false;
  }
  const turnout = main.querySelector(".turnout .caption");
  return !turnout || !cut(turnout);
}

/** Does a line lie outside? A tight line's own box is higher than the line, by less than a third of the letters. */
const cut = (box) => box.scrollHeight > box.clientHeight + parseFloat(getComputedStyle(box).fontSize) / 3;

/** One language and some options at a time, in the fewest pages: with the question above them all, or above the first
    and small above the rest, or before them. */
function byItems(hall, main, all, step) {
  const count = main.querySelectorAll("[data-item]").length;
  if (!count) return all.map((la) => ({ las: [la], over: true }));
  apply(hall, step);
  const ways = [
    all.flatMap((la) => packed(hall, main, la, count, "full", "full")),
    all.flatMap((la) => packed(hall, main, la, count, "full", "again")),
    all.flatMap((la) => [asked(hall, main, la), ...packed(hall, main, la, count, "again", "again")]),
  ];
  const whole = ways.filter((pages) => !pages.some((page) => page.over));
  return (whole.length ? whole : ways.slice(-1)).map((pages) => ({ pages })).reduce(shorter).pages;
}

/** The question alone. */
function asked(hall, main, la) {
  const page = { las: [la], items: [] };
  show(hall, page);
  return { ...page, over: !fits(main) };
}

const shorter = (best, way) => (way.pages.length < best.pages.length ? way : best);

/** As many items a page as fit, then shared out evenly. A page that overflows even with one item is marked `over`. */
function packed(hall, main, la, count, first, rest) {
  const dealt = (most) => {
    const pages = [];
    for (let from = 0; from < count;) {
      const page = { las: [la], items: [from], question: from ? rest : first };
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
  const greedy = dealt(count);
  const even = dealt(Math.ceil(count / greedy.length));
  return even.length === greedy.length ? even : greedy;
}
