// "Catch me up": what has been said so far, for one reader alone.

import { ask, Refusal } from "./api.js";
import { $, element, write } from "./dom.js";
import { recapView } from "./recap.js";
import { timeOfDay } from "./words.js";

export class CatchUp {
  /** @param {string} room @param {import("./board.js").Board} board */
  constructor(room, board) {
    this.room = room;
    this.board = board;
    this.asked = 0;
    this.dialog = $("catchup");
    for (const button of this.dialog.querySelectorAll("[data-minutes]")) {
      button.addEventListener("click", () => this.#choose(button));
    }
  }

  open() {
    this.dialog.showModal();
  }

  async #choose(button) {
    const asking = (this.asked += 1);
    for (const other of this.dialog.querySelectorAll("[data-minutes]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    write($("catchup-error"), "");
    write($("catchup-state"), "Reading what was said…");
    const minutes = button.dataset.minutes;
    try {
      const recap = await ask(`/api/rooms/${this.room}/recap${minutes ? `?minutes=${minutes}` : ""}`);
      if (asking !== this.asked) return; // another choice was made meanwhile
      const place = { began: this.board.began, heading: "h3", way: (said) => this.#way(said) };
      $("catchup-recap").replaceChildren(...recapView(recap, place));
      write($("catchup-state"), `${button.textContent}, as of ${timeOfDay(Date.now(), 0)}.`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (asking !== this.asked) return;
      $("catchup-recap").replaceChildren();
      write($("catchup-state"), "");
      write($("catchup-error"), error.message);
    }
  }

  #way(said) {
    const row = this.board.find(said.name, said.start);
    if (!row) return null;
    const button = element("button", "cite");
    button.type = "button";
    button.addEventListener("click", () => {
      this.dialog.close();
      this.board.show(row);
    });
    return button;
  }
}
