// A link that opens the same view: made from what is seen, and followed when somebody opens it.
// The part behind # never reaches a server; where the reader is is in neither part.
"use strict";

(function () {
  const box = document.getElementById("share");
  if (!box) return;
  const map = window.map_0, layers = (window.strokeMap || {}).layers || new Map();
  const asked = new URLSearchParams(location.search), status = box.querySelector("[role=status]");
  const condition = asked.get("condition") === "chest_pain" ? "chest_pain" : "stroke";
  let open = "";

  /** `#map=zoom/latitude/longitude`; null where that is none. */
  function viewOf(hash) {
    const found = /^#map=(\d{1,2})\/(-?\d{1,2}(?:\.\d+)?)\/(-?\d{1,3}(?:\.\d+)?)$/.exec(hash);
    if (!found) return null;
    const [zoom, lat, lon] = found.slice(1).map(Number);
    return zoom <= 18 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180 ? { zoom, at: [lat, lon] } : null;
  }

  function follow() {
    const view = viewOf(location.hash), layer = layers.get(asked.get("hospital") || "");
    if (!view && !layer) return;
    const go = () => {
      map.setView(view ? view.at : layer.getLatLng(), view ? view.zoom : 14, { animate: false });
      if (layer) layer.openPopup();
    };
    go();
    // The map may still be on its way to the whole region, which ends where that leads.
    map.once("zoomend", go);
    setTimeout(() => map.off("zoomend", go), 1000);
    const card = layer && [...document.querySelectorAll(".card")].find((one) => one.dataset.id === asked.get("hospital"));
    if (card) card.classList.add("card-shared");
  }

  function address() {
    const url = new URL(location.pathname, location.origin);
    if (!map) return url;
    url.searchParams.set("condition", condition);
    if (open) url.searchParams.set("hospital", open);
    const { lat, lng } = map.getCenter();
    url.hash = `map=${map.getZoom()}/${lat.toFixed(4)}/${lng.toFixed(4)}`;
    return url;
  }

  /** The link to take by hand, where nothing may write to the clipboard. */
  function byHand(link) {
    const field = document.createElement("input");
    Object.assign(field, { readOnly: true, value: link, className: "share-link" });
    field.setAttribute("aria-label", box.dataset.here);
    status.replaceChildren(box.dataset.here + " ", field);
    field.select();
  }

  async function copy(link) {
    try {
      await navigator.clipboard.writeText(link);
      status.textContent = box.dataset.copied;
    } catch {
      byHand(link);
    }
  }

  async function share(link) {
    if (!navigator.share) return copy(link);
    try {
      await navigator.share({ title: box.dataset.title, url: link });
    } catch (error) {
      if (error.name !== "AbortError") copy(link);
    }
  }

  function qr(button) {
    const shown = box.querySelector("img");
    button.setAttribute("aria-expanded", String(!shown));
    if (shown) return shown.remove();
    const code = document.createElement("img");
    const of = map ? new URLSearchParams({ condition, ...(open && { hospital: open }) }) : new URLSearchParams(box.dataset.qr);
    Object.assign(code, { className: "share-qr", alt: button.textContent, width: 220, height: 220, src: "/qr.svg?" + of });
    code.addEventListener("error", () => { code.remove(); byHand(String(address())); });
    box.append(code);
  }

  if (map) {
    map.on("popupopen", ({ popup }) => { open = ([...layers].find(([, layer]) => layer.getPopup() === popup) || [""])[0]; });
    map.on("popupclose", () => { open = ""; });
    follow();
    addEventListener("hashchange", follow);
  }
  box.hidden = false;
  box.addEventListener("click", ({ target }) => {
    const act = target.dataset.act;
    if (act === "qr") qr(target);
    else if (act) (act === "share" ? share : copy)(String(address()));
  });
  box.querySelector("[data-act=share]").hidden = !navigator.share;
})();
