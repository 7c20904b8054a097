// A link to a case for its crew, shown once: as a QR code to scan, and as text to send.

import { ask, post } from "./api.js";
import * as clock from "./clock.js";
import { make, once } from "./dom.js";
import { sayBriefly, tellProblem } from "./shell.js";
import { say } from "./words.js";

/** Make a link to the case and show it. Fails with the API's Problem where there can be none. */
export async function offerLink(caseId) {
  const path = `/api/v1/cases/${caseId}/link`, { body } = await post(path, {});
  const address = make("input", { readonly: true, value: body.url, "aria-label": say("link"), dir: "ltr" });
  const button = (text, task, kind = "") => {
    const made = make("button", { type: "button", class: kind, text: say(text) });
    made.addEventListener("click", once(made, () => task().catch(tellProblem)));
    return made;
  };
  const copy = button("link_copy", async () => {
    address.select();
    if (navigator.clipboard) await navigator.clipboard.writeText(body.url).catch(() => {}); // it is marked, to be copied by hand
    sayBriefly(say("link_copied"), "good");
  }, "main");
  const end = button("link_end", async () => {
    const { body: told } = await ask("DELETE", path);
    sayBriefly(say("link_ended", told.ended), "good");
    dialog.close();
  });
  const close = make("button", { type: "button", text: say("close"), on: { click: () => dialog.close() } });
  const dialog = make(
    "dialog",
    { "aria-labelledby": "link-title", class: "link" },
    make("h2", { id: "link-title", text: say("link") }),
    make("p", { text: say("link_words", clock.day(body.expires_at)) }),
    make("img", { src: body.qr, alt: say("link_picture"), width: 260, height: 260 }),
    address,
    make("p", { class: "deeds" }, copy, close, end),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  copy.focus();
}
