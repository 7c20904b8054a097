// A box in which one types where one is: a combobox whose list comes from the edition's own gazetteer.
"use strict";

(function () {
  const { make } = window.strokeMap;
  const WAIT_MS = 150; // between two letters of somebody who types

  /** Make `form` (an input and a list after it) a search; `choose` gets what was chosen. */
  window.strokeMap.searchBox = function (form, { lang, words, choose }) {
    const input = form.querySelector("input"), list = form.querySelector("[role=listbox]"), said = form.querySelector("[role=status]");
    let found = [], marked = -1, asked = 0, waiting = 0;

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
      said.textContent = "";
      close();
      choose(found[index]);
    }

    function option(one, at) {
      const item = make("li", "", one.label);
      Object.assign(item, { id: list.id + "-" + at, role: "option" });
      item.addEventListener("click", () => take(at));
      return item;
    }

    function show(results) {
      found = results;
      list.replaceChildren(...found.map(option));
      mark(-1);
      list.hidden = found.length === 0;
      input.setAttribute("aria-expanded", String(found.length > 0));
      said.textContent = found.length ? words.search_found.replace("{0}", found.length) : words.search_none;
    }

    async function look() {
      const mine = ++asked, q = input.value.trim();
      if (!q) {
        said.textContent = "";
        return close();
      }
      try {
        const response = await fetch("/api/v1/search?" + new URLSearchParams({ q, lang }));
        const answer = await response.json();
        if (mine === asked) response.ok ? show(answer.results) : said.textContent = words[answer.code] || words["internal-error"];
      } catch {
        if (mine === asked) said.textContent = words.offline;
      }
    }

    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(look, WAIT_MS);
    });
    input.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape" && !list.hidden) {
        event.preventDefault(); // which would empty the box
        close();
      } else if (step && !list.hidden && !event.isComposing) {
        event.preventDefault();
        mark((marked + step + found.length + (marked < 0 && step < 0)) % found.length);
      }
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!list.hidden) take(Math.max(0, marked));
      else look();
    });
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
    form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || close());
    form.hidden = false;
  };
})();
