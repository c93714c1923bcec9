/* A frame put into a part without moving anything: nodes that stay are the same nodes, so focus, scroll, open folds
   and half-typed text stay too. Siblings are matched by id, else by tag in order. Typed text is never thrown away. */

/* Attributes the page sets itself. */
const OURS = new Set(["open", "data-on", "data-mark", "aria-current", "aria-busy"]);
const TYPED = "textarea, input:not([type=hidden]):not([type=checkbox]):not([type=radio])";

const dirty = (field) => field.value !== field.defaultValue;
const holdsText = (node) => node.nodeType === 1 &&
  [node, ...node.querySelectorAll(TYPED)].some((field) => field.matches(TYPED) && dirty(field));

export function morph(old, fresh) {
  const wanted = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
  for (const child of [...old.children]) if (child.id && !wanted.has(child.id) && !holdsText(child)) child.remove();
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    while (at && at.id && !wanted.has(at.id)) at = at.nextSibling;
    const named = next.id && [...old.children].find((child) => child.id === next.id);
    if (named) {
      if (named !== at) old.insertBefore(named, at);
      same(named, next);
      at = named.nextSibling;
    } else if (at && alike(at, next)) {
      same(at, next);
      at = at.nextSibling;
    } else old.insertBefore(next, at);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    if (!holdsText(gone)) gone.remove();
  }
}

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && !a.id && !b.id;

function same(old, next) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  const typed = old.matches(TYPED);
  for (const { name, value } of [...next.attributes]) {
    if (OURS.has(name) || (typed && name === "value" && dirty(old))) continue;
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && !OURS.has(name)) old.removeAttribute(name);
  if (old.nodeName === "TEXTAREA") {
    if (!dirty(old) && old.defaultValue !== next.defaultValue) old.defaultValue = next.defaultValue;
  } else morph(old, next);
}
