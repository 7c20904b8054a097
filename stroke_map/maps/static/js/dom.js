// Elements made of text: a hospital's name can be anything, and must never become HTML. Everything else builds on this.
"use strict";

window.strokeMap = (function () {
  const SECURE = /^(tel:[+0-9]+$|https:\/\/)/;

  /** An element with a class, text and children; `text` is never HTML. */
  function make(tag, className, text, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    element.append(...children.filter(Boolean));
    return element;
  }

  /** A link that only ever telephones or opens a secure page. */
  function link(address, className, text) {
    const element = make("a", className, text);
    if (SECURE.test(address)) element.href = address;
    if (address.startsWith("https:")) element.rel = "noreferrer";
    return element;
  }

  function button(className, text, act) {
    const element = make("button", className, text);
    element.type = "button";
    element.addEventListener("click", act);
    return element;
  }

  function pin(told) {
    const shape = make("span", "pin pin-" + told.shape, "", make("b", "", told.letter));
    shape.setAttribute("aria-hidden", "true");
    return shape;
  }

  const settings = JSON.parse(document.getElementById("settings").dataset.settings);
  const { words, lang } = settings;
  const say = (name, ...values) => values.reduce((text, value, at) => text.replace("{" + at + "}", () => value), words[name]);
  const minutes = (seconds) => Math.max(1, Math.ceil(seconds / 60));
  const told = (text) => (text ? text[lang] || text.zh || text.en : "");

  const distance = (metres) => window.measure.distance(metres, words);
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  return { make, link, button, pin, settings, say, minutes, told, distance, calm };
})();
