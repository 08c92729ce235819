// The words of a record: loaded in pages as somebody scrolls, grouped in turns, with a way to each line.

import { ask, Refusal } from "./api.js";
import { Correction } from "./correction.js";
import { $, element, spoken, timeElement, write } from "./dom.js";
import { colour, margin } from "./rows.js";
import { gapText, timeOfDay, unkeptText } from "./words.js";

const AHEAD = "1500px"; // the next page is asked for before its place comes into view

/** @typedef {{kind: "line"|"gap"|"unkept", number?: number, speaker?: string, name?: string, start: number, end: number,
 *   text?: string, heard?: string, mine?: boolean}} Entry */

export class Transcript {
  /**
   * @param {{key: string, began: string, may: string[], state: string}} call
   * @param {() => string} token what this browser may send
   */
  constructor(call, token) {
    this.call = call;
    this.token = token;
    this.began = Date.parse(call.began);
    this.count = 0; // entries that are here
    this.more = true;
    this.loading = null; // the page that is on its way
    this.previous = undefined;
    this.log = $("log");
    $("more").addEventListener("click", () => this.load());
    this.log.addEventListener("click", (event) => this.#clicked(event));
    this.lines = new Map(); // number → {item, correction}
    this.watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.#ahead(), {
      rootMargin: AHEAD,
    });
  }

  async start() {
    this.log.lang = this.call.language ?? "";
    await this.load();
    this.watch.observe($("more-place"));
  }

  /** The next page; at most one at a time. @returns {Promise<boolean>} whether it came */
  load() {
    this.loading ??= this.#load().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  async #load() {
    if (!this.more) return false;
    write($("more-state"), "Loading…");
    $("more").hidden = true;
    const address = `/api/records/${encodeURIComponent(this.call.key)}/lines?from=${this.count}`;
    try {
      const { entries, more } = await ask(address, { token: this.token() });
      this.more = more && entries.length > 0;
      this.count += entries.length;
      this.log.append(...entries.map((entry) => this.#row(entry)));
      write($("more-state"), this.more ? "" : this.#ending());
      $("more").hidden = !this.more;
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      write($("more-state"), error.message);
      $("more").hidden = false;
      return false;
    }
  }

  #ending() {
    if (this.call.state === "live") return "The call is still going on. Load this page anew to see what has been said since.";
    return this.count ? "" : "Nothing was said in this call.";
  }

  /** Until the page fills what can be seen; a failure waits for a click. */
  async #ahead() {
    if (!this.more || this.loading || !(await this.load())) return;
    this.watch.unobserve($("more-place"));
    this.watch.observe($("more-place"));
  }

  /** Goes to a line, however far down: loads up to it. @param {number} number @returns {Promise<boolean>} */
  async goTo(number) {
    while (!this.lines.has(number) && this.more) if (!(await this.load())) return false;
    const item = this.lines.get(number)?.item;
    if (!item) return false;
    this.log.querySelector(".aim")?.classList.remove("aim");
    item.classList.add("aim");
    item.tabIndex = -1;
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "center" });
    return true;
  }

  #row(entry) {
    const item = element("li", entry.kind === "line" ? "row" : `row gap ${entry.kind}`);
    const beside = margin(this.previous, { ...entry, speaker: entry.speaker ?? "" }, this.began);
    const named = entry.kind !== "unkept" && beside.name;
    item.classList.toggle("turn", beside.name);
    item.dataset.colour = entry.speaker === undefined ? "" : String(colour(entry.speaker));
    if (named || beside.time) item.append(this.#heading(entry, named));
    this.previous = { ...entry, speaker: entry.speaker ?? "" };
    if (entry.kind === "line") this.#line(entry, item);
    else item.append(spoken((entry.kind === "gap" ? gapText : unkeptText)(entry.end - entry.start)));
    return item;
  }

  /** A turn begins with its name and its time; a new minute shows its time. */
  #heading(entry, named) {
    const moment = new Date(this.began + entry.start * 1000);
    const head = element("div", "beside");
    if (named) head.append(element("bdi", "name", entry.name), " ");
    head.append(timeElement(moment, timeOfDay(this.began, entry.start)));
    return head;
  }

  #line(entry, item) {
    item.id = `line-${Number(entry.number)}`;
    const allowed = entry.mine === true || this.call.may.includes("correct");
    const correction = new Correction(this.call.key, entry, allowed, this.token);
    item.append(...correction.nodes);
    this.lines.set(entry.number, { item, correction });
  }

  /** One listener for all lines: a call has thousands. */
  #clicked(event) {
    const button = event.target.closest("button[data-act]");
    const item = button?.closest("li[id]");
    if (item) this.lines.get(Number(item.id.slice(5)))?.correction.act(button.dataset.act);
  }
}
