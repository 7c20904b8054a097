// Names on the base map: of places, and of streets along their roads; as many as fit at this zoom, the greater first, none over another.
"use strict";

(function () {
  const { make, settings, layers } = window.strokeMap;
  const zh = settings.lang === "zh";
  const FIRST = 12, SHEET_PX = 1024, MOST_SHEETS = 60; // as in street_names.py
  const APART_PX = 240; // between two of one name
  const LETTERS_PX = [16, 14, 12]; // of a city, a town and all else, as in map.css

  const meet = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
  const around = (at, half, up) => [at.x - half, at.y - up, at.x + half, at.y + up];
  const wide = (name, letter) => [...name].reduce((sum, one) => sum + (one.charCodeAt(0) > 0x2e7f ? letter : letter * 0.6), 0);

  window.strokeMap.names = async function (map, edition) {
    const names = L.layerGroup().addTo(map), sheets = new Map();
    let places = [], taken = [], looking = 0;
    map.createPane("names").style.zIndex = 350;
    map.getPane("names").setAttribute("aria-hidden", "true");

    const free = (boxes) => !boxes.some((box) => taken.some((other) => meet(box, other)));

    function put(label, lat, lon, down) {
      L.marker([lat, lon], { icon: L.divIcon({ className: "name-box", html: label, iconSize: [0, 0], iconAnchor: [0, -down] }), pane: "names",
        interactive: false, keyboard: false }).addTo(names);
    }

    function place([first, rank, lon, lat, chinese, english]) {
      if (map.getZoom() < first || !map.getBounds().pad(0.1).contains([lat, lon])) return;
      const name = zh ? chinese : english, at = map.latLngToLayerPoint([lat, lon]), half = wide(name, LETTERS_PX[Math.min(rank, 2)]) / 2 + 4;
      const down = [0, 24, -24].find((by) => free([around(at.add([0, by]), half, 9)]));
      if (down === undefined) return;
      taken.push(around(at.add([0, down]), half, 9));
      put(make("span", "name name-" + Math.min(rank, 5), name), lat, lon, down);
    }

    /** A street's name, turned as its road runs: where the road is straight for long enough, and not twice in one view of it. */
    function street([, lon, lat, turn, room, chinese, english], written) {
      const name = zh ? chinese : english, length = wide(name, LETTERS_PX[2]), at = map.latLngToLayerPoint([lat, lon]);
      const before = written.get(name) || [];
      if (length + 8 > room || before.some((other) => other.distanceTo(at) < APART_PX)) return;
      const rad = (turn * Math.PI) / 180, along = L.point(Math.cos(rad), Math.sin(rad)), boxes = [];
      for (let by = -length / 2; by <= length / 2; by += 8) boxes.push(around(at.add(along.multiplyBy(by)), 8, 8));
      if (!free(boxes)) return;
      taken.push(...boxes);
      written.set(name, [...before, at]);
      const label = make("span", "name name-street", name);
      label.style.transform = `translate(-50%, -50%) rotate(${turn}deg)`;
      put(label, lat, lon, 0);
    }

    function seen() {
      const zoom = map.getZoom(), { min, max } = map.getPixelBounds(), most = 2 ** zoom * 256 / SHEET_PX, found = [];
      const within = (value) => Math.min(Math.max(Math.floor(value / SHEET_PX), 0), most - 1);
      for (let x = within(min.x); x <= within(max.x); x++) for (let y = within(min.y); y <= within(max.y); y++) found.push(`${zoom}/${x}/${y}`);
      return zoom < FIRST ? [] : found;
    }

    function write() {
      names.clearLayers();
      // Beside the pins, never under them.
      taken = [...layers.values()].filter((pinned) => map.hasLayer(pinned)).map((pinned) => around(map.latLngToLayerPoint(pinned.getLatLng()), 16, 16));
      for (const each of places) place(each);
      const view = map.getBounds(), written = new Map(), streets = seen().flatMap((sheet) => sheets.get(sheet) || []);
      streets.sort((a, b) => b[0] - a[0] || b[4] - a[4]);
      for (const each of streets) if (view.contains([each[2], each[1]])) street(each, written);
    }

    /** One after the other: names are the last thing that somebody in a hurry waits for. */
    async function look() {
      const mine = ++looking;
      write();
      if (sheets.size > MOST_SHEETS) sheets.clear();
      for (const sheet of seen()) {
        if (sheets.has(sheet)) continue;
        sheets.set(sheet, []);
        const response = await fetch(`/tiles/${edition}/streets/${sheet}.json`).catch(() => null);
        if (response && response.ok) sheets.set(sheet, await response.json());
        else sheets.delete(sheet); // asked again at the next move
        if (mine !== looking) return; // the map was moved meanwhile
        write();
      }
    }

    map.on("moveend", look);
    const response = await fetch(`/tiles/${edition}/places.json`);
    if (response.ok) places = await response.json();
    await look();
  };
})();
