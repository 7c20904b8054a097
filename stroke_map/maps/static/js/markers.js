// The hospitals of the public map: called by Folium's generated script, which runs after this file.
// Every word goes into a text node: a hospital's name can be anything, and must never become HTML.
"use strict";

window.strokeMap = (function () {
  /** An element with a class, text and children; `text` is never HTML. */
  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    for (const child of Array.prototype.slice.call(arguments, 3)) if (child) element.append(child);
    return element;
  }

  /** A link that only ever telephones or opens a secure page. */
  function link(address, className, text) {
    const element = make("a", className, text);
    if (/^(tel:[+0-9]+$|https:\/\/)/.test(address)) element.href = address;
    if (address.startsWith("https:")) element.rel = "noreferrer";
    return element;
  }

  function pin(told) {
    const shape = make("span", "pin pin-" + told.shape, "", make("b", "", told.letter));
    shape.setAttribute("aria-hidden", "true");
    return shape;
  }

  function marker(feature, latlng) {
    const told = feature.properties, size = told.shape === "other" ? 20 : 36;
    return L.marker(latlng, {
      icon: L.divIcon({ className: "pin-box", html: pin(told), iconSize: [size, size] }),
      zIndexOffset: told.shape === "other" ? 0 : 500,
      riseOnHover: true,
    });
  }

  function bind(feature, layer) {
    const told = feature.properties;
    layer.on("add", () => layer.getElement().setAttribute("aria-label", told.name + ", " + (told.able || told.meaning)));
    layer.bindTooltip(() => make("span", "", told.name), { direction: "top", offset: [0, -16], className: "pin-label" });
    layer.bindPopup(() => make("div", "told", "",
      make("strong", "", told.name),
      make("span", "", told.able || told.meaning),
      told.address && make("span", "quiet", told.address),
      told.phone && link(told.call, "phone", told.phone)), { minWidth: 180, maxWidth: 280 });
  }

  return { make, link, pin, marker, bind };
})();
