// The editor's screen: this year's table, the edition built from it, and which one serves. What stands where is in templates/screens/editor.html.

import { byId } from "./dom.js";
import { shortcut } from "./keys.js";
import { Live } from "./live.js";
import { follow, openShell, tellProblem } from "./shell.js";
import { openBuild, showBuild } from "./editor/build.js";
import { openEditions, press, showEditions } from "./editor/editions.js";
import { openTable, showTable } from "./editor/sheet.js";

const user = await openShell(["editor"]);
const live = new Live();
/** The newest sheet (null: none was sent) with what is wrong in it, and every edition; undefined: not known yet. */
let sheet, editions;

follow(live);
openTable(() => live.refresh());
openBuild(() => live.refresh());
openEditions(user, () => live.refresh());

async function hearSheets({ sheets }) {
  const [newest = null] = sheets;
  try {
    const wrong = await showTable(newest);
    sheet = newest && { ...newest, ...wrong };
    show();
  } catch (problem) {
    tellProblem(problem); // the next change asks again
  }
}

function show() {
  if (sheet === undefined || !editions) return;
  showBuild(sheet, editions);
}

shortcut("u", "key_file", () => byId("file").click());
shortcut("b", "key_build", () => byId("build-do").click(), { only: () => !byId("build").hidden });
shortcut("r", "key_report", () => press("report"));
shortcut("p", "key_publish", () => press("publish"));
shortcut("z", "key_roll_back", () => press("rollback"));
live
  .watch("/api/v1/sheets", hearSheets)
  .watch("/api/v1/editions", (told) => {
    editions = told;
    showEditions(told);
    show();
  }, { every: 2 })
  .start();
