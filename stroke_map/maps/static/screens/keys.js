// Shortcuts: one list, from which the keys work, the screen shows them, and the help is made.

import { byId, make } from "./dom.js";
import { say } from "./words.js";

const shortcuts = [];
const typing = (element) => element?.matches?.("input, textarea, select, [contenteditable]");
/** The keys as they are written: `Shift+F8`, `Ctrl+Enter`, `?`. */
function nameOf(event) {
  const held = [event.ctrlKey && "Ctrl", event.altKey && "Alt", event.metaKey && "Meta", event.shiftKey && event.key.length > 1 && "Shift"];
  return [...held.filter(Boolean), event.key === " " ? "Space" : event.key].join("+");
}

/**
 * Let `keys` do `task`, and show it as `text` (a name among the page's words). What is written as one plain letter works only
 * while nobody types. `only` says whether it makes sense now; where it does not, the key does what the browser does.
 */
export function shortcut(keys, text, task, { only = () => true } = {}) {
  shortcuts.push({ keys, text, task, only });
}

/** The keys as they are shown beside what they do. */
export const hint = (keys) => make("kbd", { text: keys });

export function showHelp() {
  const dialog = byId("help");
  const rows = shortcuts.map(({ keys, text }) => make("tr", {}, make("td", {}, hint(keys)), make("td", { text: say(text) })));
  dialog.querySelector("tbody").replaceChildren(...rows);
  if (!dialog.open) dialog.showModal();
}

export function listen() {
  addEventListener("keydown", (event) => {
    if (event.isComposing || event.repeat || event.defaultPrevented) return;
    const name = nameOf(event), plain = name.length === 1;
    if (plain && typing(event.target)) return;
    // An open dialog has the keyboard; it closes with Escape.
    if (document.querySelector("dialog[open]")) return;
    const found = shortcuts.find((one) => one.keys === name && one.only());
    if (!found) return;
    event.preventDefault();
    found.task(event);
  });
  shortcut("?", "key_help", showHelp);
  shortcut("F1", "key_help", showHelp);
  byId("help-button")?.addEventListener("click", showHelp);
}
