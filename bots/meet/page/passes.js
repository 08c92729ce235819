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
    // A link that is opened where its room is open already changes nothing but what stands behind the "#".
    addEventListener("hashchange", () => this.#again());
    this.check();
  }

  #again() {
    if (!given()) return;
    this.text = taken(this.room);
    this.name = "";
    this.page.say(""); // what was said of the one before
    this.check();
  }

  /** Asks whether it is still good; one that is not is forgotten, and that is said. */
  async check() {
    const { text } = this;
    if (!text) return;
    try {
      const known = await ask(`/api/rooms/${this.room}/pass`, { method: "POST", body: { pass: text } });
      if (text !== this.text) return; // another came meanwhile
      this.name = known.name;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (text !== this.text) return;
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
  const pass = given();
  if (pass) history.replaceState(history.state, "", location.pathname + location.search);
  try {
    if (pass) sessionStorage.setItem(key(room), pass);
    return pass ?? sessionStorage.getItem(key(room)) ?? "";
  } catch {
    return pass ?? ""; // no storage: it holds until the page is loaded anew
  }
}

/** The pass in the address, if one stands there. */
function given() {
  return new URLSearchParams(location.hash.slice(1)).get("pass");
}

function key(room) {
  return `spokenly.pass.${room}`;
}
