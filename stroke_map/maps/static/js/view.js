// What the map shows of an answer, and its layers; runs last, when Folium's script has made the map.
"use strict";

(function () {
  const { make, pin, settings, minutes, told, calm, layers } = window.strokeMap;
  const { words, lang } = settings;
  const map = window.map_0, frame = document.getElementById("map");
  const drawn = L.layerGroup().addTo(map), roads = L.layerGroup().addTo(map);
  let shown = null, from = null;

  // ---- a place and its answer

  function place(at) {
    from = at;
    drawn.clearLayers();
    roads.clearLayers();
    if (at.accuracy) L.circle([at.lat, at.lon], { radius: at.accuracy, className: "accuracy", interactive: false }).addTo(drawn);
    const label = make("span", "", words.you);
    L.marker([at.lat, at.lon], { icon: L.divIcon({ className: "pin-box", html: pin({ shape: "here", letter: "" }), iconSize: [36, 36] }),
      alt: words.you, keyboard: false, interactive: false, zIndexOffset: 2000 }).bindTooltip(label, { direction: "top", offset: [0, -12] }).addTo(drawn);
  }

  function answer(given, at) {
    shown = given;
    place(at);
    draw(0);
  }

  /** The road to one hospital of the answer, the others pale beneath it. */
  function draw(chosen) {
    roads.clearLayers();
    const lines = shown.hospitals.map((hospital) => (hospital.geometry ? hospital.geometry.coordinates.map(([lon, lat]) => [lat, lon]) : []));
    const order = lines.map((_, at) => at).filter((at) => lines[at].length).sort((a, b) => (a === chosen) - (b === chosen));
    for (const at of order) {
      const best = at === chosen;
      L.polyline(lines[at], { className: "road-casing", weight: best ? 10 : 7, interactive: false }).addTo(roads);
      L.polyline(lines[at], { className: best ? "road-line" : "road-other", weight: best ? 6 : 3, interactive: false }).addTo(roads);
    }
    const hospital = shown.hospitals[chosen];
    const label = make("span", "", `${minutes(hospital.travel_time_s)} ${words.minutes} · ${told(hospital.name)}`);
    L.marker([hospital.lat, hospital.lon], { icon: L.divIcon({ className: "pin-box", iconSize: [36, 36] }), interactive: false, keyboard: false })
      .bindTooltip(label, { permanent: true, direction: "top", offset: [0, -18], className: "pin-label" }).addTo(roads);
    const bounds = L.latLngBounds(lines[chosen]).extend([from.lat, from.lon]).extend([hospital.lat, hospital.lon]);
    map.fitBounds(bounds, { padding: [48, 56], maxZoom: 16, animate: !calm() });
  }

  function toMap() {
    frame.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  }

  function road(chosen) {
    draw(chosen);
    toMap();
  }

  function go(to) {
    if (to) map.setView([to.lat, to.lon], 13, { animate: !calm() });
    toMap();
    map.getContainer().focus({ preventScroll: true });
  }

  /** Leave only these hospitals on the map; null: all. */
  function keep(ids) {
    for (const [id, layer] of layers) {
      const wanted = !ids || ids.has(id);
      if (wanted !== map.hasLayer(layer)) wanted ? layer.addTo(map) : layer.remove();
    }
  }

  // ---- controls

  function nameControls() {
    for (const [selector, name] of [[".leaflet-control-zoom-in", "zoom_in"], [".leaflet-control-zoom-out", "zoom_out"]]) {
      const control = document.querySelector(selector);
      control.title = words[name];
      control.setAttribute("aria-label", words[name]);
    }
    map.getContainer().setAttribute("aria-label", words.map_label);
  }

  nameControls();
  map.on("click", (event) => {
    const at = event.latlng.wrap();
    window.strokeMap.ask({ lat: at.lat, lon: at.lng });
  });
  window.strokeMap.useView({ place, answer, road, keep, go });
})();
