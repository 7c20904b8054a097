// A box in which one types a name, with a list of what was found under it (WAI-ARIA: combobox with a listbox).
// For pages of either kind: a plain script, which modules find as `window.comboBox`.
"use strict";

/**
 * `find` gets the text and resolves to what was found, each with a `label`, or to words that say why nothing was; `say` gets these words,
 * or how many were found; `choose` gets the one that somebody chose.
 */
window.comboBox = function ({ input, list, waitMs, find, say, choose }) {
  let found = [], marked = -1, asked = 0, waiting = 0, old = false;

  function close() {
    asked++; // an answer that is under way comes too late
    clearTimeout(waiting);
    mark(-1);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  }

  function mark(index) {
    marked = index;
    for (const [at, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(at === index));
    if (index < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[index].id);
    list.children[index].scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    input.value = found[index].label;
    say("");
    close();
    choose(found[index]);
  }

  function option(one, at) {
    const item = document.createElement("li");
    Object.assign(item, { id: `${list.id}-${at}`, textContent: one.label });
    item.setAttribute("role", "option");
    item.addEventListener("click", () => take(at));
    return item;
  }

  async function look() {
    clearTimeout(waiting);
    const mine = ++asked, got = await find(input.value.trim());
    if (mine !== asked) return;
    if (typeof got === "string") return say(got);
    found = got;
    old = false;
    list.replaceChildren(...found.map(option));
    mark(-1);
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    say(found.length);
  }

  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (list.hidden || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault(); // which would empty the box
      close();
    } else if (step) {
      event.preventDefault();
      mark((marked + step + found.length + (marked < 0 && step < 0)) % found.length);
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus

  return {
    close,
    look,
    /** Look when no further letter comes. */
    later() {
      clearTimeout(waiting);
      asked++;
      old = true; // the list is of what stood in the box before
      waiting = setTimeout(look, waitMs);
    },
    /** Take what is marked, else the first, where there is a list of what stands in the box; whether there was. */
    takeMarked() {
      if (list.hidden || (old && marked < 0)) return false;
      take(Math.max(0, marked));
      return true;
    },
  };
};
