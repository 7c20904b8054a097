// Elements made from plain values. Text always becomes a text node: whatever somebody typed can never become HTML.

/**
 * An element. `properties`: `class`, `text`, `data` ({name: value}), `on` ({event: listener}); all else is an attribute
 * (true: without a value; false, null or undefined: left out). Children that are null or false are left out.
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") element.textContent = value;
    else if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child || child === 0) element.append(child);
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Somebody's own words, which may run in either direction and must not turn what stands around them. */
export const free = (text) => make("bdi", { class: "free", text: text || "" });

/** A telephone number as a link; numbers are for reading aloud, so they stay as they were written. */
export function phone(number, properties = {}) {
  const dialled = (/^\s*\+?[\d\s()./-]+/.exec(number || "") || [""])[0].replace(/[^+\d]/g, "");
  return dialled ? make("a", { class: "phone", href: `tel:${dialled}`, text: number, ...properties }) : null;
}

/** Replace what stands in `panel`, unless it would look the same: focus, selection and what is unfolded stay as they are. */
export function fill(panel, ...children) {
  const next = make("div", {}, ...children);
  if (next.innerHTML === panel.dataset.shown && panel.childNodes.length) return false;
  panel.dataset.shown = next.innerHTML;
  const active = panel.contains(document.activeElement) ? document.activeElement : null, caret = [active?.selectionStart, active?.selectionEnd];
  const open = new Set([...panel.querySelectorAll("details[open][id]")].map((one) => one.id));
  panel.replaceChildren(...next.childNodes);
  for (const one of panel.querySelectorAll("details[id]")) one.open = open.has(one.id);
  const again = active?.id ? byId(active.id) : null;
  again?.focus({ preventScroll: true });
  if (Number.isInteger(caret[0]) && again?.matches("input, textarea")) again.setSelectionRange(...caret);
  return true;
}

const questions = new WeakMap();

/** What a dialog asks from now on: the function says later whether it still asks just that, and not something else by now. */
export function asking(dialog) {
  const mine = {};
  questions.set(dialog, mine);
  return () => dialog.open && questions.get(dialog) === mine;
}

/** Run `task` for each press but the second of a double click, under which another button may have come meanwhile. */
export const single = (task) => (event) => event?.detail > 1 ? undefined : task(event);

/** Run `task` for each press, one at a time: a second press while the first is under way does nothing. */
export function once(button, task) {
  return async (event) => {
    event?.preventDefault();
    if (event?.detail > 1) return; // as `single`
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await task(event);
    } finally {
      button.removeAttribute("aria-busy");
    }
  };
}
