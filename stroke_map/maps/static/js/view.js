// What the map shows of an answer, and its layers; runs last, when Folium's script has made the map.
"use strict";

(function () {
  const { make, pin, say, settings, minutes, told, calm, layers } = window.strokeMap;
  const { words, lang, condition } = settings;
  const ABLE = { stroke: ["thrombectomy", "thrombolysis"], chest_pain: ["primary_pci", "fibrinolysis"] };
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
  function bandLayers({ edition, bands }) {
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
    panel.append(make("label", "", words.layer_bands + " ", choose), legend);
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

  /** Names of places: as many as fit at this zoom, the greater first. */
  function placeNames(places) {
    const names = L.layerGroup().addTo(map);
    map.createPane("names").style.zIndex = 350;
    map.getPane("names").setAttribute("aria-hidden", "true");
    const width = (name) => [...name].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 0x2e7f ? 14 : 8), 8);
    const meet = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
    function write() {
      names.clearLayers();
      const zoom = map.getZoom(), seen = map.getBounds().pad(0.1), around = (at, half, up) => [at.x - half, at.y - up, at.x + half, at.y + up];
      // Beside the pins, never under them.
      const taken = [...layers.values()].filter((pinned) => map.hasLayer(pinned)).map((pinned) => around(map.latLngToLayerPoint(pinned.getLatLng()), 16, 16));
      for (const [first, rank, lon, lat, zh, en] of places) {
        if (zoom < first || !seen.contains([lat, lon])) continue;
        const name = lang === "zh" ? zh : en, at = map.latLngToLayerPoint([lat, lon]), half = width(name) / 2;
        const free = [0, 24, -24].find((down) => !taken.some((other) => meet(around(at.add([0, down]), half, 9), other)));
        if (free === undefined) continue;
        taken.push(around(at.add([0, free]), half, 9));
        const label = make("span", "name name-" + Math.min(rank, 5), name);
        L.marker([lat, lon], { icon: L.divIcon({ className: "name-box", html: label, iconSize: [0, 0], iconAnchor: [0, -free] }), pane: "names",
          interactive: false, keyboard: false }).addTo(names);
      }
    }
    map.on("moveend", write);
    write();
  }

  async function furnish({ edition, own_base: ownBase, bands }) {
    if (bands) bandLayers({ edition, bands });
    if (ownBase) {
      const response = await fetch(`/tiles/${edition}/places.json`);
      if (response.ok) placeNames(await response.json());
    }
    await closures();
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
  map.on("click", (event) => {
    const at = event.latlng.wrap();
    window.strokeMap.ask({ lat: at.lat, lon: at.lng });
  });
  furnish(settings.layers).catch(() => {}); // without a network the map shows what it has
  window.strokeMap.useView({ place, answer, road, keep, go });
})();
