import { openPage } from "./login.js";

openPage();
