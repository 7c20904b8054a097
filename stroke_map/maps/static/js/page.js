// The public page: a place (from the browser or a tap on the map) becomes a question, the answer a road and words.
"use strict";

(function () {
  const { make, link } = window.strokeMap;
  const settings = JSON.parse(document.getElementById("settings").dataset.settings);
  const { condition, lang, words } = settings;
  const map = window.map_0;
  const result = document.getElementById("result"), more = document.getElementById("more"), where = document.getElementById("where");
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const HANDED_ON = "stroke-map-place";
  let drawn = L.layerGroup().addTo(map), asked = 0, place = null;

  const say = (name, ...values) => values.reduce((text, value, at) => text.replace("{" + at + "}", () => value), words[name]);
  const minutes = (seconds) => Math.max(1, Math.ceil(seconds / 60));
  /** A number and its unit, as `distance` in pages.py. */
  function distance(metres) {
    if (metres < 950) return [String(Math.max(10, Math.round(metres / 10) * 10)), words.m];
    return [(metres / 1000).toFixed(metres < 9950 ? 1 : 0), words.km];
  }
  const told = (text) => (text ? text[lang] || text.zh || text.en : "");

  function fill(panel, parts) {
    panel.replaceChildren(...parts.filter(Boolean));
    panel.hidden = parts.length === 0;
  }

  /** Words in the panel; what stood below the map belonged to the question before. */
  function show(...parts) {
    fill(result, parts);
    fill(more, []);
  }

  const notice = (text, severity) => make("p", "notice notice-" + severity, text);

  // ---- what stands in the panel

  function phone(hospital, call) {
    return hospital.phone ? link(call, "phone", hospital.phone) : make("span", "quiet", words.no_phone);
  }

  function numbers(hospital) {
    const [number, unit] = distance(hospital.distance_m);
    return make("p", "numbers", "",
      make("span", "", "", make("b", "", String(minutes(hospital.travel_time_s))), " " + words.minutes),
      make("span", "", "", make("b", "", number), " " + unit));
  }

  function alternative(hospital) {
    return make("li", "", "",
      make("strong", "", told(hospital.name)),
      make("span", "time", `${minutes(hospital.travel_time_s)} ${words.minutes} · ${distance(hospital.distance_m).join(" ")}`),
      hospital.class > 1 && make("span", "quiet", words["class_" + hospital.class]),
      phone(hospital, hospital.navigation.call));
  }

  function steps(list) {
    const items = list.map((step) => make("li", "", told(step.text),
      step.distance_m > 0 && make("span", "quiet", " " + distance(step.distance_m).join(" "))));
    return make("details", "", "", make("summary", "", words.steps), make("ol", "steps", "", ...items));
  }

  function navigation(links) {
    const apps = ["amap", "baidu", "tencent", "apple"].map((app) => link(links[app], "app", words[app]));
    return make("p", "apps", "", make("span", "quiet", words.navigate), ...apps);
  }

  /** The same answer as a page of its own; posted, so that the place stands in no address. */
  function printable() {
    const form = make("form", "", "", make("button", "plain-button", words.print));
    Object.assign(form, { method: "post", action: "/map" });
    for (const [name, value] of Object.entries({ lat: place.lat, lon: place.lon, crs: "WGS-84", condition, lang })) {
      const field = make("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
    return form;
  }

  function showAnswer(answer) {
    const [best, ...others] = answer.hospitals, street = answer.origin.snapped.street;
    show(
      ...answer.warnings.filter((warning) => warning.code !== "demo-data" && warning.severity !== "note")
        .slice(0, 2).map((warning) => notice(told(warning.text), warning.severity)),
      make("p", "quiet", words.nearest),
      make("h2", "", told(best.name)),
      numbers(best),
      best.class > 1 && notice(words["class_" + best.class], "caution"),
      phone(best, best.navigation.call),
      make("p", "quiet", (street ? say("from_street", street) + " · " : "") + words.by_car));
    const list = make("ol", "alternatives", "", ...others.map(alternative));
    list.start = 2;
    fill(more, [others.length > 0 && make("h2", "", words.alternatives), others.length > 0 && list,
      steps(best.steps), navigation(best.navigation), printable()]);
  }

  function showProblem(problem) {
    const fallback = (problem.fallback || []).map((hospital) => make("li", "", "",
      make("strong", "", told(hospital.name)),
      make("span", "time", say("straight", distance(hospital.straight_line_m).join(" "))),
      phone(hospital, "tel:" + (hospital.phone.match(/[+0-9]+/g) || ["120"]).join(""))));
    show(
      make("h2", "", words.error),
      notice(words[problem.code] || words["internal-error"], "caution"),
      make("p", "", words.next_call),
      fallback.length > 0 && make("h3", "", words.fallback),
      fallback.length > 0 && make("ol", "alternatives", "", ...fallback));
  }

  // ---- what stands on the map

  function dot(at) {
    const label = make("span", "", words.you), pin = window.strokeMap.pin({ shape: "here", letter: "" });
    return L.marker(at, { icon: L.divIcon({ className: "pin-box", html: pin, iconSize: [36, 36] }), alt: words.you,
      keyboard: false, zIndexOffset: 2000 }).bindTooltip(label, { direction: "top", offset: [0, -12] });
  }

  function drawPlace(at, accuracy) {
    drawn.clearLayers();
    if (accuracy) L.circle(at, { radius: accuracy, className: "accuracy", interactive: false }).addTo(drawn);
    dot(at).addTo(drawn);
  }

  function drawRoad(answer) {
    const best = answer.hospitals[0], line = best.geometry.coordinates.map(([lon, lat]) => [lat, lon]);
    L.polyline(line, { className: "road-casing", weight: 10, interactive: false }).addTo(drawn);
    L.polyline(line, { className: "road-line", weight: 6, interactive: false }).addTo(drawn);
    const label = make("span", "", `${minutes(best.travel_time_s)} ${words.minutes} · ${told(best.name)}`);
    L.marker([best.lat, best.lon], { icon: L.divIcon({ className: "pin-box", iconSize: [36, 36] }), interactive: false, keyboard: false })
      .bindTooltip(label, { permanent: true, direction: "top", offset: [0, -18], className: "pin-label" }).addTo(drawn);
    const bounds = L.latLngBounds(line).extend([place.lat, place.lon]);
    map.fitBounds(bounds, { padding: [48, 56], maxZoom: 16, animate: !calm });
  }

  // ---- asking

  async function ask(at, accuracy) {
    const mine = ++asked;
    place = { lat: Number(at.lat.toFixed(6)), lon: Number(at.lng.toFixed(6)) };
    drawPlace(at, accuracy);
    show(make("p", "busy", words.asking));
    let answer = null;
    try {
      const response = await fetch("/api/v1/route", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json, application/problem+json" },
        body: JSON.stringify({ ...place, crs: "WGS-84", condition }),
        cache: "no-store",
      });
      answer = await response.json();
      if (mine !== asked) return; // another place was chosen meanwhile
      if (!response.ok) return showProblem(answer);
    } catch {
      if (mine === asked) show(notice(words.offline, "caution"), make("p", "", words.next_call));
      return;
    }
    showAnswer(answer);
    if (accuracy > 30) result.prepend(notice(say("accuracy", String(Math.round(accuracy))), "note"));
    drawRoad(answer);
    result.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    result.focus({ preventScroll: true });
  }

  /** A district is too large to start from: the map shows it, and waits for a tap. */
  function choose(found) {
    const at = L.latLng(found.lat, found.lon);
    if (found.kind !== "district") return ask(at);
    map.setView(at, 13, { animate: !calm });
    show(notice(say("search_district", found.label), "note"));
  }

  function locate() {
    if (!window.isSecureContext || !navigator.geolocation) return show(notice(words.insecure, "caution"));
    show(make("p", "busy", words.locating));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => ask(L.latLng(coords.latitude, coords.longitude), coords.accuracy),
      (error) => show(notice(error.code === error.PERMISSION_DENIED ? words.denied : words.no_position, "caution")),
      { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 });
  }

  /** Changing the condition keeps the place: handed to the next page in this tab, and forgotten there at once. */
  function keepPlace() {
    if (place) sessionStorage.setItem(HANDED_ON, JSON.stringify(place));
  }

  function takePlace() {
    const kept = sessionStorage.getItem(HANDED_ON);
    sessionStorage.removeItem(HANDED_ON);
    if (kept) ask(L.latLng(JSON.parse(kept).lat, JSON.parse(kept).lon));
  }

  function tellIfExpired() {
    const expired = document.getElementById("expired");
    if (!expired || expired.dataset.until >= new Date().toISOString().slice(0, 10)) return;
    expired.textContent = say("expired", expired.dataset.until);
    expired.hidden = false;
  }

  function nameControls() {
    for (const [selector, name] of [[".leaflet-control-zoom-in", "zoom_in"], [".leaflet-control-zoom-out", "zoom_out"]]) {
      const control = document.querySelector(selector);
      control.title = words[name];
      control.setAttribute("aria-label", words[name]);
    }
  }

  tellIfExpired();
  nameControls();
  where.hidden = false;
  where.addEventListener("click", locate);
  window.strokeMap.searchBox(document.getElementById("search"), { lang, words, choose });
  map.on("click", (event) => ask(event.latlng.wrap()));
  for (const choice of document.querySelectorAll(".conditions a, .language")) choice.addEventListener("click", keepPlace);
  takePlace();
})();
