// The crew's page without a network: where they were sent to when it was last seen, until there is a network or the link has ended.

import * as clock from "./clock.js";
import { kept } from "./crew/kept.js";
import { byId, fill, free, phone } from "./dom.js";
import { facts, say, told } from "./words.js";

const AGAIN_MS = 5000, PATIENCE_MS = 4000;

/** What is known may end while somebody looks at it. */
async function show() {
  const seen = await kept();
  byId("known").hidden = !seen;
  byId("unknown").hidden = Boolean(seen);
  if (!seen) return fill(byId("destination"));
  fill(byId("destination"), seen.name && told(seen.name) ? free(told(seen.name)) : seen.id);
  fill(byId("telephone"), phone(seen.phone) ?? free(seen.phone ?? "—"));
  byId("seen-at").textContent = say("offline_seen", clock.day(seen.at));
}

async function lookAgain() {
  await show();
  try {
    const answer = await fetch(location.pathname, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status < 500) return location.reload();
  } catch {
    // still none
  }
  setTimeout(lookAgain, AGAIN_MS);
}

byId("dispatch-phone").append(phone(facts.dispatch_phone) ?? "");
byId("again").addEventListener("click", () => location.reload());
addEventListener("online", () => location.reload());
lookAgain();
