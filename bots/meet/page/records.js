// The records: calls whose words were kept, what was said in them, and what is kept of whoever looks.

import { ask, Refusal } from "./api.js";
import { callItem } from "./calls.js";
import { prepareDialogs } from "./dialogs.js";
import { $, write } from "./dom.js";
import { forgetRoom, keepRecordsKey, knownRooms, me, ownerOf, recordsKey } from "./keys.js";
import { Mine } from "./mine.js";
import { Search } from "./search.js";

const OWN_AT_ONCE = 10;
const DAY = 86400000; // ms: a room that was opened and never spoken in has no record, perhaps yet

const search = new Search({ token: recordsKey, refused: locked });
const mine = new Mine({ changed: () => again() });
let last = null; // the earliest call that is shown
let own = []; // rooms of this browser that are not shown yet
let access = ""; // not known yet

async function start() {
  try {
    const told = await ask("/api/settings");
    access = told.keep === "never" ? "never" : told.records;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    $("all").hidden = false;
    failed(error);
    return;
  }
  await open();
}

/** Shows what this browser may see now. */
async function open() {
  const all = access === "open" || (access === "key" && recordsKey() !== "");
  $("closed").hidden = access !== "closed";
  $("never").hidden = access !== "never";
  $("key-form").hidden = access !== "key" || all;
  $("search").hidden = !all;
  $("all").hidden = !all || search.open;
  $("own").hidden = all || access === "never";
  if (all) {
    await Promise.all([more(), search.fromAddress()]);
    return;
  }
  if (access === "never") return;
  own = [...knownRooms().keys()];
  $("own-calls").replaceChildren();
  await moreOwn();
}

async function again() {
  last = null;
  $("calls").replaceChildren();
  await open();
}

function failed(error) {
  write($("all-state"), error.message);
  write($("all-more"), "Try again");
  $("all-more").hidden = false;
}

/** The next fifty calls, newest first. */
async function more() {
  if (!access) {
    await start();
    return;
  }
  $("all-more").disabled = true;
  write($("all-state"), "Looking…");
  const before = last ? `?before=${encodeURIComponent(last.began)}` : "";
  try {
    const { calls, more: others } = await ask(`/api/records${before}`, { token: recordsKey() });
    $("calls").append(...calls.map(callItem));
    $("all-more").hidden = !others;
    write($("all-more"), "Show more");
    last = calls.at(-1) ?? last;
    write($("all-state"), last ? "" : "No call has been kept yet. When a room is opened, whoever opens it chooses.");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    failed(error);
    if (error.status === 401) locked(error.message);
  } finally {
    $("all-more").disabled = false;
  }
}

/** The key is not the right one, or is so no longer. @param {string} sentence the server's */
function locked(sentence) {
  const tried = recordsKey() !== "";
  if (access === "key" && !tried) return; // said already
  keepRecordsKey("");
  access = "key";
  search.close();
  last = null;
  $("calls").replaceChildren();
  open();
  write($("key-error"), tried ? "That key does not open the records. Look for a missing letter." : sentence);
  $("key").focus();
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  write($("key-error"), "");
  const key = $("key").value.trim();
  if (!key) {
    write($("key-error"), "Type the key first.");
    return;
  }
  keepRecordsKey(key);
  $("key").value = "";
  open();
});

/** The next calls of this browser. What the record has no longer, the browser forgets as well. */
async function moreOwn() {
  const list = $("own-calls");
  const wanted = list.childElementCount + OWN_AT_ONCE;
  let failure = "";
  $("own-more").hidden = true;
  write($("own-state"), "Looking…");
  while (own.length && list.childElementCount < wanted && !failure) {
    const answers = await Promise.all(own.splice(0, OWN_AT_ONCE).map(lookUp));
    failure = answers.find((answer) => answer instanceof Refusal)?.message ?? "";
    list.append(...answers.filter((answer) => answer && !(answer instanceof Refusal)).map(callItem));
  }
  $("own-more").hidden = own.length === 0;
  write($("own-state"), failure || (list.childElementCount ? "" : NONE));
}

const NONE = "None. A call appears here when its words are kept and it was opened or read in this browser.";

/** @returns {Promise<object | Refusal | null>} null: there is no such record */
async function lookUp(room) {
  const known = knownRooms().get(room);
  try {
    return await ask(`/api/records/${encodeURIComponent(room)}`, { token: ownerOf(room) || me() });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status !== 404) return error;
    if (Date.now() - Date.parse(known?.opened) > DAY) forgetRoom(room);
    return null;
  }
}

search.onToggle = (open) => {
  $("all").hidden = open;
};
$("all-more").addEventListener("click", more);
$("own-more").addEventListener("click", moreOwn);
prepareDialogs();
try {
  write($("told"), sessionStorage.getItem("spokenly.told") ?? "");
  sessionStorage.removeItem("spokenly.told");
} catch {
  // No storage: then nothing is left to be told.
}
start();
mine.look();
