// When a call that keeps a transcript is over: its recap, under the captions.

import { ask, Refusal } from "./api.js";
import { $, anchor, element, write } from "./dom.js";
import { BETTER, PATIENCE, recapView } from "./recap.js";

const FIRST = 2000; // ms: the last words are on their way into the record

export class Afterwards {
  /** @param {string} room @param {import("./board.js").Board} board */
  constructor(room, board) {
    this.room = room;
    this.board = board;
    this.over = false;
    this.timer = 0;
    this.turn = 0; // of being over: an answer to an earlier one comes too late
    $("after-link").href = `/records/${room}`;
  }

  /** @param {boolean} over nobody shares any more, and what was said is kept */
  see(over) {
    if (over === this.over) return;
    this.over = over;
    this.turn += 1;
    clearTimeout(this.timer);
    $("after").hidden = !over;
    this.board.ending = over ? $("after") : null;
    $("after-recap").replaceChildren();
    if (!over) return;
    write($("after-state"), "The recap is being made…");
    this.#later(0);
  }

  /** Everybody who read along asks: not all in the same moment. */
  #later(attempt) {
    const wait = Math.min(30000, FIRST * 1.6 ** attempt) * (1 + Math.random() / 4);
    this.timer = setTimeout(() => this.#ask(attempt), wait);
  }

  async #ask(attempt) {
    const turn = this.turn;
    try {
      const recap = await ask(`/api/records/${this.room}/recap`);
      if (turn !== this.turn) return;
      this.#show(recap);
      if (!recap.making || attempt + 1 >= PATIENCE) return;
      write($("after-state"), BETTER);
      this.#later(attempt + 1);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (turn !== this.turn) return;
      if (attempt + 1 < PATIENCE) this.#later(attempt + 1);
      else write($("after-state"), `There is no recap: ${error.message}`);
    }
  }

  #show(recap) {
    write($("after-state"), "The recap is ready."); // for those who do not see it appear
    const place = { began: this.board.began, heading: "h3", way: (said) => this.#way(said) };
    $("after-recap").replaceChildren(...recapView(recap, place));
  }

  /** To the captions on this page, or to the record, which forgets nothing. */
  #way(said) {
    const row = this.board.find(said.name, said.start);
    if (!row) return anchor(`/records/${this.room}#line-${Number(said.number)}`, "cite");
    const button = element("button", "cite");
    button.type = "button";
    button.addEventListener("click", () => this.board.show(row));
    return button;
  }
}
