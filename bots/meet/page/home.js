// The first page: a new room, or the address of one.

import { ask, Refusal } from "./api.js";
import { $, write } from "./dom.js";
import { knowRoom, ownForNow } from "./keys.js";

const form = $("open");
let chosen = false; // somebody chose before the settings came
form.addEventListener("change", () => {
  chosen = true;
});
const settings = ask("/api/settings").then(offer, (error) => {
  if (!(error instanceof Refusal)) throw error;
  return null; // what is checked on the page stands: nothing is kept
});

/** What this server keeps by itself is what is checked. */
function offer(told) {
  $("keep").hidden = told.keep === "never";
  $("never").hidden = told.keep !== "never";
  if (!chosen && told.keep !== "never") form.elements.namedItem("keep").value = told.keep;
  return told;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  $("new").disabled = true;
  write($("new-error"), "");
  try {
    location.assign(await open());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    write($("new-error"), error.message);
  } finally {
    $("new").disabled = false;
  }
});

async function open() {
  const told = await settings;
  const title = form.elements.namedItem("title").value.trim();
  const body = {};
  if (title) body.title = title;
  if (told?.keep !== "never") body.keep = form.elements.namedItem("keep").value;
  if (form.elements.namedItem("private").checked) body.private = true;
  const made = await ask("/api/rooms", { method: "POST", body });
  // Where nothing is kept, nothing of the room stays in this browser either.
  if (made.owner && made.keep === "transcript") knowRoom(made.room, { owner: made.owner, title });
  else if (made.owner) ownForNow(made.room, made.owner);
  return made.url;
}

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("address").value.trim();
  const room = roomOf(text);
  if (room && /^https?:\/\//.test(text)) location.assign(new URL(`/room/${room}`, text));
  else if (room) location.assign(`/room/${room}`);
  else write($("join-error"), "That is not the address of a room, which looks like /room/ and 22 letters and digits, nor a code of 8.");
});

/** The room that an address, or a piece of one, names, or the code of a call; null when it names none. @param {string} text */
function roomOf(text) {
  const room = /^(?:.*\/room\/)?([\w-]{22})(?:[/?#].*)?$/.exec(text)?.[1];
  const code = text.replace(/^.*\/room\//, "").replaceAll(/[\s-]/g, "").toUpperCase();
  return room ?? (/^[A-HJ-NP-Z2-9]{8}$/.test(code) ? code : null);
}
