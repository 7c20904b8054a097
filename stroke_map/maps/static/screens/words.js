// Every word of a screen comes with its page, in one language; see web/screen_texts.py.

const settings = JSON.parse(document.getElementById("settings").dataset.settings);

/** What the server says of this screen: `lang`, `zone`, `stream`, `homes`, `edition`, `map`, ... */
export const facts = settings.facts;
export const lang = facts.lang;

export const knows = (name) => Object.hasOwn(settings.words, name);

/** A text of the page, with `{0}`, `{1}` filled in. */
export function say(name, ...values) {
  if (!knows(name)) throw new Error(`no such text: ${name}`);
  return settings.words[name].replace(/\{(\d)\}/g, (all, at) => (at < values.length ? String(values[at]) : all));
}

/** A text of the API, `{zh, en}`, in the language of the page, else in the other. */
export const told = (text) => (text ? text[lang] || text.zh || text.en || "" : "");

/** A word of the API (a state, a team, a kind) in the language of the page, else as it is. */
export const word = (kind, value) => (knows(`${kind}_${value}`) ? say(`${kind}_${value}`) : String(value));
