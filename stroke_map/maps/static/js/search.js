// The box in which one types where one is: what is found comes from the edition's own gazetteer. Without this script its form opens a page of its own.
"use strict";

(function () {
  const WAIT_MS = 150; // between two letters of somebody who types

  /** Make `form` (an input and a list after it) a search; `choose` gets what was chosen. */
  window.strokeMap.searchBox = function (form, { lang, words, choose }) {
    const input = form.querySelector("[role=combobox]"), list = form.querySelector("[role=listbox]"), said = form.querySelector("[role=status]");

    async function find(q) {
      if (!q) return [];
      try {
        const response = await fetch("/api/v1/search?" + new URLSearchParams({ q, lang }));
        const answer = await response.json();
        return response.ok ? answer.results : words[answer.code] || words["internal-error"];
      } catch {
        return words.offline;
      }
    }

    function say(told) {
      if (typeof told === "string") said.textContent = told;
      else if (!input.value.trim()) said.textContent = "";
      else said.textContent = told ? words.search_found.replace("{0}", told) : words.search_none;
    }

    const box = window.comboBox({ input, list, waitMs: WAIT_MS, find, say, choose });
    input.addEventListener("input", box.later);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (box.takeMarked()) return;
      input.focus();
      box.look();
    });
    input.addEventListener("blur", box.close);
  };
})();
