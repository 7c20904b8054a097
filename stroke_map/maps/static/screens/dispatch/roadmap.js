// The map: roads to the choices, hospitals, what is closed. A press on it is a place, or a corner of what is being drawn.

import { get, Problem } from "../api.js";
import { byId, make } from "../dom.js";
import { facts, lang, say, told, word } from "../words.js";
import { takePlace } from "./call.js";
import { changed, current, currentCase, on, shortName, standing, state, statusesOf } from "./state.js";

const { L } = window;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const layers = {};
let map = null, draw = null, fitted = "";

/** Somebody else takes the presses on the map, as long as something is drawn: a function of (lat, lon), null for nobody. */
export function takePresses(task) {
  draw = task;
  byId("map").classList.toggle("drawing", Boolean(task));
}

function base() {
  const tiles = L.tileLayer(facts.map.tiles, { maxZoom: 18 });
  // A tile smaller than a tile stands in for one that is being drawn: ask again a little later.
  tiles.on("tileload", ({ tile }) => {
    const again = Number(tile.dataset.again ?? 0) + 1;
    if (tile.naturalWidth >= 256 || again > 5) return;
    tile.dataset.again = again;
    setTimeout(() => tile.isConnected && (tile.src = `${tile.src.split("?")[0]}?again=${again}`), 1000 * again);
  });
  return tiles;
}

export function openMap() {
  const [west, south, east, north] = facts.map.bounds;
  map = L.map(byId("map"), { zoomAnimation: !calm, fadeAnimation: !calm, preferCanvas: false, attributionControl: false });
  L.control.attribution({ prefix: false }).addAttribution(make("span", { text: facts.map.attribution }).innerHTML).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  map.fitBounds([[south, west], [north, east]]);
  base().addTo(map);
  for (const [selector, name] of [[".leaflet-control-zoom-in", "zoom_in"], [".leaflet-control-zoom-out", "zoom_out"]]) {
    const control = document.querySelector(selector);
    control.title = say(name);
    control.setAttribute("aria-label", say(name));
  }
  for (const name of ["closures", "hospitals", "roads", "sketch"]) layers[name] = L.layerGroup().addTo(map);
  map.on("click", ({ latlng }) => {
    const { lat, lng } = latlng.wrap(), at = [Number(lat.toFixed(6)), Number(lng.toFixed(6))];
    if (draw) draw(...at);
    else takePlace(...at);
  });
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(byId("map"));
  on("answer view chosen alerts", drawRoads);
  on("hospitals statuses condition view", drawHospitals);
  on("closures", drawClosures);
  loadHospitals();
}

async function loadHospitals() {
  let body;
  try {
    ({ body } = await get("/api/v1/hospitals"));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return setTimeout(loadHospitals, 3000);
  }
  for (const { properties, geometry } of body.features) state.hospitals.set(properties.id, { ...properties, lon: geometry.coordinates[0], lat: geometry.coordinates[1] });
  changed("hospitals");
}

function pin(shape, letter) {
  return make("span", { class: `pin pin-${shape}`, "aria-hidden": "true" }, make("b", { text: letter }));
}

function marker(at, shape, letter, label, options = {}) {
  const icon = L.divIcon({ className: "pin-box", html: pin(shape, letter), iconSize: shape === "other" ? [20, 20] : [36, 36] });
  return L.marker(at, { icon, alt: label, keyboard: false, bubblingMouseEvents: true, ...options }).bindTooltip(make("span", { text: label }), { direction: "top", offset: [0, -14], className: "pin-label" });
}

function drawHospitals() {
  const condition = current()?.condition ?? currentCase()?.condition ?? "stroke";
  layers.hospitals.clearLayers();
  for (const hospital of state.hospitals.values()) {
    const kind = facts.markers[condition].find((one) => hospital.capabilities[one.capability]?.status === "yes");
    const troubles = statusesOf(hospital.id).filter((status) => status.state === "active").map((status) => word("kind", status.kind));
    const label = [told(hospital.name), ...troubles].join(" · ");
    const shown = marker([hospital.lat, hospital.lon], kind?.shape ?? "other", kind ? kind.letter[lang] : "", label, { zIndexOffset: kind ? 500 : 0 });
    shown.addTo(layers.hospitals);
    if (troubles.length) marker([hospital.lat, hospital.lon], "trouble", "!", label, { zIndexOffset: 900, interactive: false }).addTo(layers.hospitals);
  }
}

const latLngs = (geometry) => geometry.coordinates.map(([lon, lat]) => [lat, lon]);

function drawRoads() {
  layers.roads.clearLayers();
  const answer = state.answer?.answer, call = current(), known = currentCase();
  const place = call?.place ?? known?.question;
  if (!answer) {
    if (place?.crs === "WGS-84") marker([place.lat, place.lon], "here", "", say("place")).addTo(layers.roads);
    return;
  }
  const { snapped } = answer.origin;
  const chosen = (known && (standing(known.id)?.hospital ?? known.hospital)) || call?.hospital || answer.hospitals[0].id;
  const ordered = [...answer.hospitals].sort((one, other) => (one.id === chosen) - (other.id === chosen));
  for (const hospital of ordered) {
    const best = hospital.id === chosen, at = answer.hospitals.indexOf(hospital) + 1;
    if (hospital.geometry) {
      L.polyline(latLngs(hospital.geometry), { className: "road-casing", weight: best ? 10 : 7, interactive: false }).addTo(layers.roads);
      L.polyline(latLngs(hospital.geometry), { className: best ? "road-line" : "road-other", weight: best ? 6 : 3, dashArray: best ? null : "2 6", interactive: false }).addTo(layers.roads);
    }
    const label = `${Math.max(1, Math.ceil(hospital.travel_time_s / 60))} ${say("minutes")} · ${shortName(hospital.id)}`;
    const shown = marker([hospital.lat, hospital.lon], best ? "first" : "next", String(at), label, { zIndexOffset: 1500 - at });
    shown.addTo(layers.roads);
    if (best) shown.bindTooltip(make("span", { text: label }), { permanent: true, direction: "top", offset: [0, -18], className: "pin-label" });
  }
  marker([snapped.lat, snapped.lon], "here", "", say("place"), { zIndexOffset: 2000 }).addTo(layers.roads);
  const lines = answer.hospitals.filter((one) => one.geometry && (one.id === chosen || one === answer.hospitals[0])).flatMap((one) => latLngs(one.geometry));
  const view = JSON.stringify([state.view, place, chosen]);
  if (view !== fitted) map.fitBounds(L.latLngBounds([[snapped.lat, snapped.lon], ...lines]), { paddingTopLeft: [100, 70], paddingBottomRight: [100, 40], maxZoom: 16, animate: !calm });
  fitted = view;
}

const CLOSED = { className: "closure", weight: 7, dashArray: "10 6" };

function drawClosures() {
  layers.closures.clearLayers();
  for (const closure of state.closures) {
    if (!closure.geometry) continue; // by the numbers of ways: in the list alone
    const shape = L.geoJSON(closure.geometry, { style: { ...CLOSED, className: closure.active ? "closure" : "closure closure-later" }, interactive: true });
    shape.bindTooltip(make("span", { text: `${word("closure", closure.kind)}: ${closure.reason}` }), { sticky: true, className: "pin-label" }).addTo(layers.closures);
  }
}

/** Show what is being drawn: [[lat, lon], ...] in WGS-84, as a line or an area. */
export function sketch(points, area) {
  layers.sketch.clearLayers();
  if (!points.length) return;
  const shape = area ? L.polygon : L.polyline;
  shape(points, { className: "sketch", weight: 5, interactive: false }).addTo(layers.sketch);
  for (const point of points) L.circleMarker(point, { radius: 5, className: "sketch", interactive: false }).addTo(layers.sketch);
}

/** Show a place on the map. */
export const show = (bounds) => map.fitBounds(bounds, { padding: [40, 40], maxZoom: 15, animate: !calm });
