// A dialog that asks why, with the usual reasons at hand; what is typed in it is kept until it is used.

import { byId, make } from "../dom.js";
import * as drafts from "../drafts.js";
import { limited } from "../shell.js";

let ready = false;

/** Ask why, and do `task` with the words; they are kept until it says that it is done. `usual` are the reasons one can choose, `name` under what they are kept. */
export async function askWhy(asked, task) {
  const words = await ask(asked);
  if (words !== null && (await task(words))) drafts.forget(asked.name);
}

/** Resolves with the words, or null when it is put away. */
function ask({ title, button, usual = [], name }) {
  const dialog = byId("why"), field = byId("why-reason"), form = dialog.querySelector("form");
  byId("why-title").textContent = title;
  byId("why-send").textContent = button;
  field.value = drafts.kept(name) ?? "";
  byId("why-usual").replaceChildren(...usual.map((text) => make("li", {}, make("button", { type: "button", class: "small", text, on: { click: () => {
    field.value = text;
    field.focus();
  } } }))));
  if (!ready) limited(field);
  ready = true;
  return new Promise((resolve) => {
    const keepWords = () => drafts.keep(name, field.value);
    const end = (words) => {
      form.onsubmit = dialog.onclose = null;
      field.removeEventListener("input", keepWords);
      if (words !== null) drafts.keep(name, words);
      if (dialog.open) dialog.close();
      resolve(words);
    };
    field.addEventListener("input", keepWords);
    form.onsubmit = (event) => {
      event.preventDefault();
      const words = field.value.trim();
      if (words) end(words);
      else field.focus();
    };
    dialog.onclose = () => end(null);
    dialog.showModal();
    field.focus();
  });
}

/** Ask whether somebody is sure; resolves with yes or no. */
export function askSure(words) {
  const dialog = byId("sure"), form = dialog.querySelector("form");
  byId("sure-words").textContent = words;
  return new Promise((resolve) => {
    let sure = false;
    form.onsubmit = (event) => {
      event.preventDefault();
      sure = true;
      dialog.close();
    };
    dialog.onclose = () => resolve(sure);
    dialog.showModal();
  });
}
