// A link that leads nowhere any more: what this browser has kept of it is forgotten.

import { forget } from "./crew/kept.js";

await forget();
