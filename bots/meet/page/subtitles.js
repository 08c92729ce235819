// Subtitle mode: two or three large lines of 32 to 42 characters, and nothing else.

import { $, element, write } from "./dom.js";
import { lastLines } from "./lines.js";
import { colour } from "./rows.js";
import { gapText } from "./words.js";

export class Subtitles {
  /** @param {import("./board.js").Board} board @param {import("./settings.js").Settings} settings */
  constructor(board, settings) {
    this.board = board;
    this.settings = settings;
    this.open = false;
    this.root = $("subtitles");
    this.stage = $("stage");
    $("subtitles-close").addEventListener("click", () => this.toggle(false));
    $("subtitles-full").addEventListener("click", () => this.#fullscreen());
    $("subtitles-lines").addEventListener("click", () =>
      settings.set("lines", settings.get("lines") === "2" ? "3" : "2"),
    );
    $("subtitles-full").hidden = !document.fullscreenEnabled;
    addEventListener("resize", () => this.show());
    settings.onChange(() => this.show());
  }

  /** @param {boolean} open */
  toggle(open = !this.open) {
    if (open === this.open) return;
    this.open = open;
    document.body.classList.toggle("subtitling", open);
    this.root.hidden = !open;
    for (const part of [$("top"), $("scroller"), $("bottom")]) part.inert = open;
    if (open) $("subtitles-close").focus();
    else {
      if (document.fullscreenElement) document.exitFullscreen();
      $("subtitles-open").focus();
    }
    this.show();
  }

  show() {
    if (!this.open) return;
    const count = Number(this.settings.get("lines"));
    const width = window.innerWidth < 700 ? 32 : 40;
    this.root.style.setProperty("--characters", String(width));
    write($("subtitles-lines"), count === 2 ? "Three lines" : "Two lines");
    const shown = lastLines(this.#utterances(count), width, count);
    const parts = [];
    let previous;
    for (const line of shown) {
      const anew = line.speaker !== previous?.speaker || line.name !== previous.name;
      if (anew) parts.push(named("p", "subtitle-name", line, element("bdi", "", line.name)));
      previous = line;
      const rest = element("span", "rest", line.text.slice(line.dim));
      parts.push(named("p", "subtitle-line", line, line.text.slice(0, line.dim), rest));
    }
    this.stage.replaceChildren(...parts);
    $("subtitles-empty").hidden = parts.length > 0;
  }

  /** Enough of the newest utterances to fill the lines: each begins a line of its own. */
  #utterances(count) {
    const settled = this.board.rows.items.slice(-count).map((row) => {
      const text = row.kind === "gap" ? gapText(row.end - row.start) : row.text;
      return { ...row, text, stable: text.length };
    });
    return [...settled, ...this.board.partials.filter((partial) => partial.text)];
  }

  #fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {
      // Not allowed here: the page itself is filled already.
    });
  }
}

function named(tag, className, line, ...children) {
  const made = element(tag, className, ...children);
  made.dataset.colour = String(colour(line.speaker));
  made.dir = "auto";
  return made;
}
