// The first page: a new room, or the address of one.

import { $, write } from "./dom.js";

$("new").addEventListener("click", async () => {
  $("new").disabled = true;
  write($("new-error"), "");
  try {
    const answer = await fetch("/api/rooms", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "{}",
    });
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) location.assign(body.url);
    else write($("new-error"), body.error ?? "The server would not open a room. Try again in a moment.");
  } catch {
    write($("new-error"), "The server can't be reached. Is Spokenly still running?");
  }
  $("new").disabled = false;
});

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("address").value.trim();
  const room = roomOf(text);
  if (room && /^https?:\/\//.test(text)) location.assign(new URL(`/room/${room}`, text));
  else if (room) location.assign(`/room/${room}`);
  else write($("join-error"), "That is not the address of a room. It looks like /room/ and 22 letters and digits.");
});

/** The room that an address, or a piece of one, names; null when it names none. @param {string} text */
function roomOf(text) {
  return /^(?:.*\/room\/)?([\w-]{22})(?:[/?#].*)?$/.exec(text)?.[1] ?? null;
}
