// Where the ambulance goes, kept in this browser for when the page is opened again without a network: the hospital's name and telephone,
// and nothing of the patient. What is kept is named by a digest of the link's token: only who has the link finds it, and only until it ends.

const MARK = "stroke-map/crew/";

async function nameOf(token) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return MARK + [...new Uint8Array(digest)].slice(0, 16).map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The token of the link by which this page was opened. */
export const token = () => location.pathname.split("/").pop();

/** Whether this browser can show a page without a network at all; else nothing is kept. */
const able = () => window.isSecureContext && "serviceWorker" in navigator;

function attempt(task) {
  try {
    return task();
  } catch {
    return null; // where the browser refuses to store anything, nothing is kept
  }
}

/** Forget what has ended, of whatever case; and what was written by a clock that was set back since. */
function sweep() {
  const now = Date.now(), names = Object.keys(localStorage).filter((name) => name.startsWith(MARK));
  for (const name of names) {
    const { written, until } = attempt(() => JSON.parse(localStorage.getItem(name))) ?? {};
    if (!(written <= now && now < until)) localStorage.removeItem(name);
  }
}

/** Keep `what` (plain JSON) for `ms` milliseconds at the most. */
export async function keep(what, ms) {
  if (!able()) return;
  const name = await nameOf(token()), now = Date.now();
  attempt(() => localStorage.setItem(name, JSON.stringify({ what, written: now, until: now + ms })));
}

/** What is kept for this link, null: nothing, or no more. */
export async function kept() {
  if (!able()) return null;
  attempt(sweep);
  const name = await nameOf(token());
  return attempt(() => JSON.parse(localStorage.getItem(name)).what);
}

/** Keep nothing for this link any more. */
export async function forget() {
  if (!able()) return;
  attempt(sweep);
  const name = await nameOf(token());
  attempt(() => localStorage.removeItem(name));
}
