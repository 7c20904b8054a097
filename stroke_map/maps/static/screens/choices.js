// A few things to choose one from, each a large button that stays pressed.

import { make } from "./dom.js";

/** Radio buttons in `panel` for [value, words], that at `chosen` pressed. Returns a function that gives the value, null where none is. */
export function choices(panel, name, offered, chosen = 0) {
  const rows = offered.map(([value, text], place) =>
    make("label", { class: "choice" }, make("input", { type: "radio", name, value, checked: place === chosen }), make("span", { text })),
  );
  panel.replaceChildren(...rows);
  return () => panel.querySelector("input:checked")?.value ?? null;
}
