// The hospitals of the public map: called by Folium's generated script, which runs after this file.
"use strict";

(function () {
  const { make, link, pin } = window.strokeMap;
  const layers = new Map(); // hospital id -> its marker

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
    layers.set(told.id, layer);
    layer.on("add", () => layer.getElement().setAttribute("aria-label", told.name + ", " + (told.able || told.meaning)));
    layer.bindTooltip(() => make("span", "", told.name), { direction: "top", offset: [0, -16], className: "pin-label" });
    layer.bindPopup(() => make("div", "told", "",
      make("strong", "", told.name),
      make("span", "", told.able || told.meaning),
      told.address && make("span", "quiet", told.address),
      told.phone && link(told.call, "phone", told.phone)), { minWidth: 180, maxWidth: 280 });
  }

  Object.assign(window.strokeMap, { marker, bind, layers });
})();
