// What was typed and not yet sent, kept in this tab: it survives a reload, a lost connection and the end of a session.

const MARK = "stroke-map/";
const OWNER = `${MARK}owner`;
const memory = new Map(); // where the browser refuses to store anything, until the page is left

function attempt(task, otherwise) {
  try {
    return task();
  } catch {
    return otherwise();
  }
}

/** Keep `value` (plain JSON) under `name`. */
export function keep(name, value) {
  const text = JSON.stringify(value);
  memory.set(name, text);
  attempt(() => sessionStorage.setItem(MARK + name, text), () => {});
}

/** What was kept under `name`, null where nothing was. */
export function kept(name) {
  const text = attempt(() => sessionStorage.getItem(MARK + name), () => null) ?? memory.get(name);
  return text === null || text === undefined ? null : attempt(() => JSON.parse(text), () => null);
}

export function forget(name) {
  memory.delete(name);
  attempt(() => sessionStorage.removeItem(MARK + name), () => {});
}

export function forgetAll() {
  memory.clear();
  attempt(() => Object.keys(sessionStorage).filter((name) => name.startsWith(MARK)).forEach((name) => sessionStorage.removeItem(name)), () => {});
}

/** What one person typed is not shown to the next who logs in here. */
export function belongTo(user) {
  if (kept("owner") !== user) forgetAll();
  attempt(() => sessionStorage.setItem(OWNER, JSON.stringify(user)), () => memory.set("owner", JSON.stringify(user)));
}
