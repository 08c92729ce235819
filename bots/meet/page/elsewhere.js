// "Show elsewhere": a code that shows this room's call in other places, for whoever opened the room.

import { ask, Refusal } from "./api.js";
import { $, copy, element, write } from "./dom.js";
import { ownerOf } from "./keys.js";
import { span } from "./words.js";

const LOOK = 2000; // ms between two looks while the dialog is open

export class Elsewhere {
  /** @param {string} room */
  constructor(room) {
    this.address = `/api/rooms/${room}/sharing`;
    this.owner = ownerOf(room);
    this.dialog = $("elsewhere");
    this.timer = 0;
    this.link = "";
    $("elsewhere-open").hidden = !this.owner;
    $("elsewhere-open").addEventListener("click", () => this.#open());
    $("elsewhere-make").addEventListener("click", () => this.#do("POST"));
    $("elsewhere-stop").addEventListener("click", () => this.#do("DELETE"));
    $("elsewhere-copy").addEventListener("click", () => copy($("elsewhere-copy"), this.link));
    this.dialog.addEventListener("close", () => clearTimeout(this.timer));
  }

  #open() {
    write($("elsewhere-error"), "");
    this.dialog.showModal();
    this.#look();
  }

  /** Codes end by themselves, and people attach places: it is looked again and again. */
  async #look() {
    clearTimeout(this.timer);
    try {
      this.#draw(await ask(this.address, { token: this.owner }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      write($("elsewhere-error"), error.message);
    }
    if (this.dialog.open) this.timer = setTimeout(() => this.#look(), LOOK);
  }

  async #do(method) {
    write($("elsewhere-error"), "");
    try {
      await ask(this.address, { method, token: this.owner });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      write($("elsewhere-error"), error.message);
    }
    await this.#look();
  }

  /** @param {{private: boolean, places: string[], code: {text: string, left: number} | null}} told */
  #draw({ private: closed, places, code }) {
    write($("elsewhere-hint"), closed ? "This room is private: it can’t be shown anywhere else." : HINT);
    $("elsewhere-code").hidden = !code;
    if (code) {
      write($("elsewhere-text"), code.text);
      write($("elsewhere-left"), `Good for ${span(code.left)} more. Where it was typed by then, it goes on.`);
      this.link = new URL(`/room/${code.text.replace("-", "")}`, location.href).href;
    }
    write($("elsewhere-state"), places.length ? "It is shown in these places:" : "It is shown nowhere else now.");
    $("elsewhere-places").replaceChildren(...places.map((place) => element("li", "", place)));
    $("elsewhere-make").hidden = closed;
    write($("elsewhere-make"), code ? "Make a new code" : "Make a code");
    $("elsewhere-stop").hidden = !code && !places.length;
  }
}

const HINT =
  "With a code, people read this call live in other places: in a browser, on Discord or on Slack. Everybody in the " +
  "room is told where it is shown.";
