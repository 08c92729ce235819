// One call of the record: what it came to, and every word of it.

import { ask, Refusal } from "./api.js";
import { factsOf, titleOf } from "./calls.js";
import { prepareDialogs } from "./dialogs.js";
import { $, anchor, element, write } from "./dom.js";
import { forgetRoom, keepRecordsKey, me, ownerOf, recordsKey } from "./keys.js";
import { BETTER, PATIENCE, recapView } from "./recap.js";
import { found, hitItem } from "./search.js";
import { Transcript } from "./transcript.js";
import { counted, day, languageName, listed } from "./words.js";

const key = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const base = `/api/records/${encodeURIComponent(key)}`;
let token = "";
let call = null;
let transcript = null;
let searched = 0;
let sought = ""; // what the hits that are shown were found by
let waiting = 0; // for a better recap

/** Only one token can be sent: one that allows everything if there is one, else this browser's own. */
async function look() {
  for (const candidate of [ownerOf(key), recordsKey()].filter(Boolean)) {
    token = candidate;
    const told = await ask(base, { token }).catch((error) => {
      if (error instanceof Refusal && error.status === 401) return null;
      throw error;
    });
    if (told?.may.length) return told;
    if (candidate === recordsKey()) keepRecordsKey(""); // it is the key no longer
  }
  token = me();
  return ask(base, { token });
}

async function start() {
  $("missing").hidden = true;
  $("loading").hidden = false;
  try {
    call = await look();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    missing(error);
    return;
  } finally {
    $("loading").hidden = true;
  }
  draw();
  transcript = new Transcript(call, () => token);
  const line = lineOf(location.hash);
  await Promise.all([transcript.start().then(() => line !== null && goTo(line)), recap("GET")]);
}

function missing(error) {
  $("missing").hidden = false;
  const unknown = error.status === 404;
  write($("missing-title"), unknown ? "There is no such call." : "This call can’t be shown.");
  write($("missing-why"), unknown ? "Its words were not kept, or they have been deleted." : error.message);
  $("missing-retry").hidden = unknown;
}

function draw() {
  $("call").hidden = false;
  write($("title"), titleOf(call));
  document.title = `${titleOf(call)} · Spokenly`;
  $("facts").replaceChildren(...factsOf(call));
  if (call.speakers.length) $("facts").append(element("br"), element("bdi", "", listed(call.speakers)));
  drawState();
  const heard = `Heard by ${call.engine}, in ${languageName(call.language)}. Recognition makes mistakes.`;
  write($("expiry"), call.expires ? `${heard} This record is deleted on ${day(call.expires)}.` : heard);
  for (const link of document.querySelectorAll("[data-format]")) link.href = `${base}/transcript.${link.dataset.format}`;
  for (const link of document.querySelectorAll("[data-recap]")) link.href = `${base}/recap.${link.dataset.recap}`;
  $("recap-anew").hidden = !call.may.includes("correct");
  $("removal").hidden = !call.may.includes("delete");
}

function drawState() {
  $("state").hidden = call.state === "ended";
  if (call.state === "live") {
    const room = anchor(`/room/${encodeURIComponent(key)}`, "", "Read along in its room");
    $("state").replaceChildren("This call is still going on. ", room, ".");
  } else {
    write($("state"), "Interrupted: Spokenly was stopped in the middle of this call. What was kept until then is here.");
  }
}

/** @param {"GET" | "POST"} method POST makes it anew @param {number} attempt while a better one is being made */
async function recap(method, attempt = 0) {
  clearTimeout(waiting);
  $("recap-anew").disabled = true;
  write($("recap-error"), "");
  if (!attempt) write($("recap-state"), method === "GET" ? "The recap is being made…" : "The recap is being made anew…");
  try {
    const made = await ask(`${base}/recap`, { method, token });
    const way = (said) => anchor(`#line-${Number(said.number)}`, "cite");
    $("recap").replaceChildren(...recapView(made, { began: Date.parse(call.began), heading: "h3", way }));
    $("recap-files").hidden = false;
    const again = made.making && attempt < PATIENCE;
    if (again) waiting = setTimeout(() => recap("GET", attempt + 1), Math.min(30000, 2000 * 1.6 ** attempt));
    write($("recap-state"), again ? BETTER : method === "GET" ? "" : "The recap was made anew.");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // That there is nothing to sum up is no failure.
    write($("recap-state"), error.status === 404 ? error.message : "");
    write($("recap-error"), error.status === 404 ? "" : error.message);
  } finally {
    $("recap-anew").disabled = false;
  }
}

/** @param {string} hash @returns {number | null} */
function lineOf(hash) {
  const found = /^#line-(\d{1,9})$/.exec(hash);
  return found ? Number(found[1]) : null;
}

async function goTo(number) {
  if (await transcript.goTo(number)) return;
  if (!transcript.more) write($("told"), "That line is not there any more.");
}

/** @param {string} words "" shows the transcript alone @param {number} skip how many lines were found already */
async function search(words, skip = 0) {
  const asking = (searched += 1);
  write($("search-error"), "");
  $("search-close").hidden = !words;
  $("hits").hidden = skip === 0;
  $("found-more").hidden = true;
  write($("found-count"), words ? "Looking…" : "");
  if (!words) return;
  try {
    const { hits, more } = await ask(`${base}/search?q=${encodeURIComponent(words)}&skip=${skip}`, { token });
    if (asking !== searched) return; // something else is looked for by now
    const items = hits.map((hit) => hitItem(call, hit, false));
    if (skip) $("hits").append(...items);
    else $("hits").replaceChildren(...items);
    $("hits").hidden = $("hits").childElementCount === 0;
    $("found-more").hidden = !more;
    sought = words;
    write($("found-count"), found($("hits").childElementCount, more));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (asking !== searched) return;
    write($("found-count"), "");
    write($("search-error"), error.message);
  }
}

async function remove() {
  $("deletion-go").disabled = true;
  try {
    await ask(base, { method: "DELETE", token });
    forgetRoom(key);
    try {
      sessionStorage.setItem("spokenly.told", "The call was deleted.");
    } catch {
      // No storage: the list shows that it is gone.
    }
    location.assign("/records");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    write($("deletion-error"), error.message);
  } finally {
    $("deletion-go").disabled = false;
  }
}

$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  search($("words").value.trim());
});
$("found-more").addEventListener("click", () => search(sought, $("hits").childElementCount));
$("search-close").addEventListener("click", () => {
  $("words").value = "";
  search("");
  $("words").focus();
});
$("missing-retry").addEventListener("click", start);
$("recap-anew").addEventListener("click", () => recap("POST"));
$("delete").addEventListener("click", () => {
  write($("deletion-error"), "");
  write($("deletion-what"), `“${titleOf(call)}”: ${counted(call.lines, "line")}${call.speakers.length ? ` of ${listed(call.speakers)}` : ""}.`);
  $("deletion").showModal();
});
$("deletion-go").addEventListener("click", remove);

// A link to a line that is not here yet loads up to it; the same link leads there a second time too.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#line-"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.hash);
  goTo(lineOf(link.hash));
});
addEventListener("popstate", () => {
  const line = lineOf(location.hash);
  if (transcript && line !== null) goTo(line);
});
prepareDialogs();
start();
