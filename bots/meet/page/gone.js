// A room that is over may have left a record.

import { ask, Refusal } from "./api.js";
import { $ } from "./dom.js";
import { me } from "./keys.js";

const room = location.pathname.split("/").filter(Boolean).at(-1) ?? "";
try {
  await ask(`/api/records/${encodeURIComponent(decodeURIComponent(room))}`, { token: me() });
  $("record-link").href = `/records/${room}`;
  $("record").hidden = false;
} catch (error) {
  if (!(error instanceof Refusal)) throw error; // there is none
}
