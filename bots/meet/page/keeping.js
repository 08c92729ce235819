// What a room keeps, said wherever somebody may ask: in the frame, before sharing, before saving.

import { $, write } from "./dom.js";
import { knowRoom } from "./keys.js";
import { counted, keepLabel, keepSentence } from "./words.js";

let noted = false;

/**
 * @param {string} id of the room
 * @param {{keep?: "captions" | "transcript", record?: string | null, origin?: string | null, state: string}} room
 *   `record`: its record's key, where whoever has the room's address may read it; `origin`: the chat that it was opened for
 * @param {number | null} retention days; null: not known
 * @param {boolean} empty nothing was said yet
 */
export function drawKeep(id, room, retention, empty) {
  const { keep, origin } = room;
  const record = Boolean(room.record);
  for (const place of document.querySelectorAll("[data-keep]")) write(place, keepLabel(keep, origin));
  const sentence = keepSentence(keep, retention, origin);
  if (sentence) for (const place of document.querySelectorAll("[data-keep-sentence]")) write(place, sentence);
  write($("over"), record ? OVER.transcript : OVER.captions);
  write($("save-hint"), saveHint(room, retention, empty));
  $("save-docx").hidden = !record;
  $("save-formats").hidden = record && empty; // a record begins with the first words
  const base = record ? `/api/records/${id}` : `/api/rooms/${id}`;
  for (const link of document.querySelectorAll("[data-format]")) {
    const address = `${base}/transcript.${link.dataset.format}`;
    if (link.getAttribute("href") !== address) link.setAttribute("href", address);
  }
  $("banner-record").href = `/records/${id}`;
}

const OVER = {
  transcript: "Nobody shares sound any more.",
  captions: "Nobody shares sound any more. Save what was said while this page is open.",
};

function saveHint({ keep, record }, retention, empty) {
  if (keep === "transcript" && !record) return "The transcript is found where this call was started. Save here while this page is open.";
  if (!record) return "The server forgets a room when it is over. Save while this page is open.";
  if (empty) return "Nothing has been said yet.";
  const end = retention ? ` It is deleted after ${counted(retention, "day")}.` : "";
  return `What was said so far, with corrections. The record can be saved later as well.${end}`;
}

/** This browser finds a kept call again, even where the list of all records is closed. */
export function noteCall(id, room, said) {
  if (noted || !said || !room.record) return;
  noted = true;
  knowRoom(id, room.title ? { title: room.title } : {});
}
