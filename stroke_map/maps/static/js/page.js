// The public page: a place (from the browser, typed, or tapped on the map) becomes a question, the answer three hospitals.
// It needs no map: that arrives later (view.js), and then shows what was answered.
"use strict";

(function () {
  const { make, link, button, settings, say, minutes, told, distance, calm, cards, locate } = window.strokeMap;
  const { condition, lang, words, in_app_crs: inAppCrs } = settings;
  const MOST = 3, PATIENCE_MS = 12000, HANDED_ON = "stroke-map-place";
  const PASSING = new Set(["offline", "too-busy", "internal-error", "no-edition"]); // what may be otherwise in a moment
  const result = document.getElementById("result"), where = document.getElementById("where"), search = document.getElementById("search");
  const nothing = { place() {}, answer() {}, road() {}, keep() {}, go() {} };
  let asked = 0, place = null, answer = null, kept = null;
  window.strokeMap.view = nothing;

  const notice = (text, severity) => make("p", "notice notice-" + severity, text);

  function show(...parts) {
    result.replaceChildren(...parts.filter(Boolean));
    result.hidden = parts.length === 0;
  }

  function reveal() {
    result.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
    result.focus({ preventScroll: true });
  }

  // ---- one hospital of an answer

  /** A hospital as the list tells of it; in the answer's own words where this page's list has not got it. */
  function cardOf(hospital) {
    const card = cards.copy(hospital.id) || make("li", "card", "", make("div", "", "", make("h3", "", told(hospital.name)),
      hospital.phone ? link(hospital.navigation ? hospital.navigation.call : "tel:120", "phone", hospital.phone) : make("p", "quiet", words.no_phone)));
    card.hidden = false;
    return card;
  }

  /** Put parts under the name of a hospital. */
  function tell(card, ...parts) {
    const title = card.querySelector("h3");
    title.after(...parts.filter(Boolean));
    return card;
  }

  function numbers(hospital) {
    const [number, unit] = distance(hospital.distance_m);
    return make("p", "numbers", "",
      make("span", "", "", make("b", "", String(minutes(hospital.travel_time_s))), " " + words.minutes),
      make("span", "", "", make("b", "", number), " " + unit));
  }

  function steps(list) {
    const items = list.map((step) => make("li", "", told(step.text),
      step.distance_m > 0 && make("span", "quiet", " " + distance(step.distance_m).join(" "))));
    return make("details", "", "", make("summary", "", words.steps), make("ol", "steps", "", ...items));
  }

  function choice(hospital, at) {
    const card = tell(cardOf(hospital), numbers(hospital),
      hospital.class === 1 ? make("p", "open", words.class_1) : notice(words["class_" + hospital.class], "caution"));
    const way = button("plain-button way", words.show_way, () => window.strokeMap.view.road(at));
    way.setAttribute("aria-label", `${words.show_way}: ${told(hospital.name)}`);
    const body = card.lastElementChild, apps = body.querySelector(".apps");
    if (apps) apps.before(way); else body.append(way);
    if (hospital.steps) body.append(steps(hospital.steps));
    return card;
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

  // ---- what stands in the panel

  /** The ways to say where one is that are left when one of them failed. */
  function otherWays() {
    return make("p", "ways", "",
      button("plain-button", words.way_type, () => search.querySelector("input").focus()),
      button("plain-button", words.way_tap, () => window.strokeMap.view.go()));
  }

  function showAnswer(accuracy) {
    const street = answer.origin.snapped.street;
    show(
      ...answer.warnings.filter((warning) => warning.code !== "demo-data" && warning.severity !== "note")
        .slice(0, 2).map((warning) => notice(told(warning.text), warning.severity)),
      make("h2", "", words.nearest),
      make("p", "quiet", (street ? say("from_street", street) + " · " : "") + words.by_car),
      accuracy && notice(say("accuracy", String(Math.round(accuracy))), "note"),
      make("p", "if-told", words.if_told),
      make("ol", "cards choices", "", ...answer.hospitals.map(choice)),
      printable());
  }

  function showRanked(why, near, again) {
    const cardsNear = near.map(({ card, metres }) => tell(card, cards.straight(metres)));
    show(make("h2", "", words.error), notice(why, "caution"), make("p", "", words.next_call), again,
      near.length > 0 && make("h3", "", words.fallback),
      near.length > 0 && make("ol", "cards choices", "", ...cardsNear), otherWays());
  }

  /** No road from the server: the nearest of its own choice, else the nearest of the list in this page. */
  function showProblem(problem) {
    const given = problem.fallback, why = words[problem.code] || words["internal-error"];
    const near = given && given.length
      ? given.map((hospital) => ({ card: cardOf(hospital), metres: hospital.straight_line_m }))
      : cards.nearest(place, MOST).map(({ item, metres }) => ({ card: cards.copy(item.dataset.id), metres }));
    for (const { card } of near) card.hidden = false;
    const again = PASSING.has(problem.code) && button("plain-button", words.again, () => ask(place, place.accuracy));
    showRanked(why, near, again);
  }

  // ---- asking

  /** What the server says; it is given up after a while: with one bar of signal the list of this page is better than waiting. */
  async function answerTo(question) {
    const late = new AbortController(), timer = setTimeout(() => late.abort(), PATIENCE_MS);
    try {
      const response = await fetch("/api/v1/route", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json, application/problem+json" },
        body: JSON.stringify(question),
        cache: "no-store",
        signal: late.signal,
      });
      return { ok: response.ok, said: await response.json() };
    } catch {
      return { ok: false, said: { code: "offline" } };
    } finally {
      clearTimeout(timer);
    }
  }

  async function ask(at, accuracy) {
    const mine = ++asked;
    place = { lat: Number(at.lat.toFixed(6)), lon: Number(at.lon.toFixed(6)), accuracy };
    answer = null;
    window.strokeMap.view.place(place);
    show(make("p", "busy", words.asking));
    const { ok, said } = await answerTo({ lat: place.lat, lon: place.lon, crs: "WGS-84", condition, roads: "all" });
    if (mine !== asked) return; // another place was chosen meanwhile
    if (!ok) {
      showProblem(said);
    } else {
      answer = said;
      showAnswer(accuracy);
      window.strokeMap.view.answer(answer, place);
    }
    reveal();
  }

  /** A district is too large to start from: the map shows it, and waits for a tap. */
  function choose(found) {
    if (found.kind !== "district") return ask(found);
    asked++;
    window.strokeMap.view.go(found);
    show(notice(say("search_district", found.label), "note"));
  }

  async function findMe() {
    const mine = ++asked;
    show(make("p", "busy", words.locating));
    const found = await locate({ inAppCrs }).then((at) => ({ at }), (why) => ({ why }));
    if (mine !== asked) return; // a place was typed or tapped meanwhile: who does that knows better
    if (found.at) return ask(found.at, found.at.accuracy);
    show(notice(words[found.why] || words.no_position, "caution"), otherWays());
    reveal();
  }

  /** Changing the condition keeps the place: handed to the next page in this tab, and forgotten there at once. */
  function keepPlace() {
    if (place) sessionStorage.setItem(HANDED_ON, JSON.stringify(place));
  }

  function takePlace() {
    const handed = sessionStorage.getItem(HANDED_ON);
    sessionStorage.removeItem(HANDED_ON);
    if (handed) ask(JSON.parse(handed), JSON.parse(handed).accuracy);
  }

  /** A page that a browser kept may be older than the list is valid. */
  function tellIfExpired() {
    const expired = document.getElementById("expired");
    if (expired && expired.dataset.until < new Date().toISOString().slice(0, 10)) expired.hidden = false;
  }

  /** The map is there: it shows what was said before. */
  window.strokeMap.useView = function (view) {
    window.strokeMap.view = { ...nothing, ...view };
    if (kept) view.keep(kept);
    if (answer) view.answer(answer, place);
    else if (place) view.place(place);
  };

  tellIfExpired();
  where.hidden = false;
  document.getElementById("hint").hidden = false;
  where.addEventListener("click", findMe);
  window.strokeMap.searchBox(search, { lang, words, choose });
  window.strokeMap.ask = (at) => ask(at);
  cards.filter(document.getElementById("filter"), (ids) => {
    kept = ids;
    window.strokeMap.view.keep(ids);
  });
  for (const other of document.querySelectorAll(".conditions a, .language")) other.addEventListener("click", keepPlace);
  takePlace();
})();
