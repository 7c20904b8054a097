// What the map shows of an answer, and its layers; runs last, when Folium's script has made the map.
"use strict";

(function () {
  const { make, pin, say, settings, minutes, told, calm, layers } = window.strokeMap;
  const { words, lang, condition } = settings;
  const ABLE = { stroke: ["thrombectomy", "thrombolysis"], chest_pain: ["primary_pci", "fibrinolysis"] };
  const SECOND_TAP_MS = 250;
  const map = window.map_0, frame = document.getElementById("map"), panel = document.getElementById("layers");
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
    const time = `${minutes(hospital.travel_time_s)} ${words.minutes}`, room = map.getSize().x >= 500; // on a phone a name would be cut off
    const label = make("span", "", room ? `${time} · ${told(hospital.name)}` : time);
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

  // ---- layers

  /** The pictures of coverage, one at a time, under everything else. */
  function bandLayers({ edition, bands, of }) {
    const choose = make("select"), legend = make("p", "bands");
    const able = bands.capabilities.filter((name) => ABLE[condition].includes(name));
    choose.append(new Option(words.layer_none, ""), ...able.map((name) => new Option(words[name], name)));
    const swatch = (number, text) => make("span", "", "", make("i", "band-" + number), " " + text);
    legend.append(...[15, 30, 45, 60].map((limit, at) => swatch(at + 1, say("band_within", String(limit)))), swatch(5, words.band_beyond));
    legend.hidden = true;
    let picture = null;
    choose.addEventListener("change", () => {
      if (picture) picture.remove();
      const address = `/tiles/${edition}/bands/${choose.value}.png`;
      picture = choose.value && L.imageOverlay(address, bands.bounds, { opacity: 0.55, pane: "tilePane", zIndex: 5, alt: "" }).addTo(map);
      legend.hidden = !picture;
    });
    panel.append(make("label", "", words.layer_bands + (of ? ` (${of}) ` : " "), choose), legend);
    panel.hidden = false;
  }

  /** Roads that are closed or slow now; asked for when there is nothing more urgent. */
  async function closures() {
    const response = await fetch("/closures.geojson");
    const found = response.ok ? await response.json() : { features: [] };
    if (!found.features.length) return;
    const layer = L.geoJSON(found, {
      style: ({ properties }) => ({ className: "closure closure-" + properties.kind, weight: 6 }),
      onEachFeature: ({ properties }, line) => line.bindTooltip(() => make("span", "", words[properties.kind]), { sticky: true }),
    }).addTo(map);
    const box = make("input");
    Object.assign(box, { type: "checkbox", checked: true });
    box.addEventListener("change", () => (box.checked ? layer.addTo(map) : layer.remove()));
    panel.append(make("label", "", "", box, " " + say("layer_closures", String(found.features.length))));
    panel.hidden = false;
  }

  async function furnish({ edition, own_base: ownBase, bands, bands_of: of }) {
    if (bands) bandLayers({ edition, bands, of });
    await closures();
    if (ownBase) await window.strokeMap.names(map, edition);
  }

  // ---- controls

  function nameControls() {
    for (const [selector, name] of [[".leaflet-control-zoom-in", "zoom_in"], [".leaflet-control-zoom-out", "zoom_out"]]) {
      const control = document.querySelector(selector);
      control.title = words[name];
      control.setAttribute("aria-label", words[name]);
    }
  }

  nameControls();
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(map.getContainer()); // the legend below it grows
  // Two taps enlarge the map: only one that stays alone says where somebody is.
  let tapped = 0;
  map.on("dblclick", () => clearTimeout(tapped));
  map.on("click", (event) => {
    const at = event.latlng.wrap();
    clearTimeout(tapped);
    tapped = setTimeout(() => window.strokeMap.ask({ lat: at.lat, lon: at.lng }), SECOND_TAP_MS);
  });
  furnish(settings.layers).catch(() => {}); // without a network the map shows what it has
  window.strokeMap.useView({ place, answer, road, keep, go });
})();
