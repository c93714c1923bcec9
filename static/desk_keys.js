/* Which key was meant: the printed letter where it is Latin, else the place on the board. */

const FIELD = "input, textarea, select, [contenteditable]";
const PRESSED = "button, a[href], summary, [role=button]";

/* The name of a single key: "b", ".", "1", "/", "?", "take", "show"; "" when it belongs to a field or to the browser. */
export function readKey(event) {
  const at = event.target;
  if (event.isComposing || event.altKey || event.metaKey) return "";
  if (at.closest?.(FIELD)) return "";
  if (event.ctrlKey) return letter(event) === "z" && !event.shiftKey ? "z" : "";
  if (event.key === "PageDown") return "take";
  if (event.key === "Enter") return event.shiftKey ? "show" : "";
  if (event.key === " ") return at.closest?.(PRESSED) ? "" : "take";
  return letter(event);
}

function letter(event) {
  if (event.key.length === 1 && /[a-z0-9./?]/i.test(event.key)) return event.key.toLowerCase();
  const code = event.code || "";
  if (/^Key[A-Z]$/.test(code) && event.key.length <= 2) return code[3].toLowerCase();
  if (/^Digit[0-9]$/.test(code) && !event.shiftKey) return code[5];
  if (code === "Slash") return event.shiftKey ? "?" : "/";
  return code === "Period" && !event.shiftKey ? "." : "";
}
