// A pass: who comes in with one speaks under the name that they have where the room was opened.

import { ask, Refusal } from "./api.js";

export class Pass {
  /**
   * @param {string} room
   * @param {{changed: () => void, say: (sentence: string) => void}} page
   */
  constructor(room, page) {
    this.room = room;
    this.page = page;
    this.name = ""; // "" until the server knows it
    this.text = taken(room);
    this.check();
  }

  /** Asks whether it is still good; one that is not is forgotten, and that is said. */
  async check() {
    if (!this.text) return;
    try {
      const known = await ask(`/api/rooms/${this.room}/pass`, { method: "POST", body: { pass: this.text } });
      this.name = known.name;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 400) this.#forget();
      this.page.say(error.message);
    }
    this.page.changed();
  }

  #forget() {
    this.text = "";
    this.name = "";
    try {
      sessionStorage.removeItem(key(this.room));
    } catch {
      // No storage, nothing to forget.
    }
  }
}

/** Out of the address, so that who copies that gives no pass away; this tab still knows it when it is loaded anew. */
function taken(room) {
  const given = new URLSearchParams(location.hash.slice(1)).get("pass");
  if (given) history.replaceState(history.state, "", location.pathname + location.search);
  try {
    if (given) sessionStorage.setItem(key(room), given);
    return given ?? sessionStorage.getItem(key(room)) ?? "";
  } catch {
    return given ?? ""; // no storage: it holds until the page is loaded anew
  }
}

function key(room) {
  return `spokenly.pass.${room}`;
}
