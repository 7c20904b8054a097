import { Live } from "./live.js";
import { follow, openShell } from "./shell.js";

await openShell(["dispatcher"]);
const live = new Live();
follow(live);
live.watch("/api/v1/alerts", () => {}, { topics: ["alert"] });
live.start();
