// Who somebody is in a room: a name and the token that proves it.

import { NoSound } from "./capture.js";

/** @typedef {{person: string, name: string, token: string, whip: string}} Person */

/**
 * @param {string} room @param {string} name
 * @param {string} me this browser's secret, or "" to join as nobody who could be known again
 * @param {string} pass that says who comes, or ""
 * @returns {Promise<Person>}
 * @throws {NoSound}
 */
export async function register(room, name, me, pass = "") {
  let answer;
  try {
    answer = await fetch(`/api/rooms/${room}/people`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(pass ? { pass } : me ? { name, me } : { name }),
    });
  } catch (error) {
    throw new NoSound("The server can't be reached. Try again in a moment.", { cause: error });
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new NoSound(body.error ?? "The server would not have it. Try again in a moment.");
  return body;
}

/**
 * Tells the server that a share is over, even while the page goes away. It may arrive late: then the mark
 * keeps it from ending a newer share of the same person.
 * @param {string} room @param {Person} person @param {string} mark
 */
export function leave(room, person, mark) {
  fetch(`/api/rooms/${room}/people/${encodeURIComponent(person.person)}?share=${encodeURIComponent(mark)}`, {
    method: "DELETE",
    headers: { Authorization: `Bearer ${person.token}` },
    keepalive: true,
  }).catch(() => {
    // The server finds out by itself when the line stays silent.
  });
}

/** Who this tab was in that room under that name, also before it was loaded anew. @returns {Person | null} */
export function remembered(room, name) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key(room)));
    return kept?.wished === name && typeof kept.token === "string" ? kept : null;
  } catch {
    return null; // no storage: somebody new each time
  }
}

/** @param {string} room @param {string} name @param {Person} person */
export function remember(room, name, person) {
  try {
    sessionStorage.setItem(key(room), JSON.stringify({ ...person, wished: name }));
  } catch {
    // No storage: somebody new each time.
  }
}

/** @param {string} room */
export function forget(room) {
  try {
    sessionStorage.removeItem(key(room));
  } catch {
    // No storage, nothing to forget.
  }
}

function key(room) {
  return `spokenly.person.${room}`;
}
