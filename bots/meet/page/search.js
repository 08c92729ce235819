// Full text: what was said in all calls, or in one.

import { ask, Refusal } from "./api.js";
import { titleOf } from "./calls.js";
import { $, anchor, element, spoken, timeElement, write } from "./dom.js";
import { counted, day, timeOfDay } from "./words.js";

/** A line that was found: who, when and where, and what matches in it. */
export function hitItem(call, hit, withCall) {
  const { line } = hit;
  const began = Date.parse(call.began);
  const time = timeElement(new Date(began + line.start * 1000), timeOfDay(began, line.start));
  const address = `${withCall ? `/records/${encodeURIComponent(call.key)}` : ""}#line-${Number(line.number)}`;
  const head = element("p", "hit-head", anchor(address, "", element("bdi", "", line.name), " ", time));
  if (withCall) head.append(" ", element("span", "hit-call", element("bdi", "", titleOf(call)), call.title ? `, ${day(call.began)}` : ""));
  const said = spoken(line.text, hit.marks);
  said.lang = call.language ?? "";
  return element("li", "hit", head, said);
}

/** "1 line", "at least 20 lines" */
export function found(count, more) {
  if (!count) return "Nothing was found. Fewer words, or the beginning of one, may find more.";
  return more ? `The first ${counted(count, "line")}; there are more.` : counted(count, "line");
}

/** The search over all calls. */
export class Search {
  /** @param {{token: () => string, refused: (sentence: string) => void}} page */
  constructor(page) {
    this.page = page;
    this.words = "";
    this.open = false;
    this.asked = 0;
    this.onToggle = (_open) => {};
    $("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start($("words").value.trim());
    });
    $("found-more").addEventListener("click", () => this.#more());
    $("found-close").addEventListener("click", () => {
      this.close();
      $("words").focus();
    });
  }

  /** Finds again what the address of this page asks for. */
  async fromAddress() {
    const words = new URLSearchParams(location.search).get("q")?.trim();
    if (!words || this.open) return;
    $("words").value = words;
    await this.#start(words);
  }

  close() {
    this.asked += 1;
    $("words").value = "";
    write($("search-error"), "");
    history.replaceState(null, "", location.pathname);
    this.#toggle(false);
  }

  async #start(words) {
    if (!words) {
      this.close();
      return;
    }
    this.words = words;
    history.replaceState(null, "", `${location.pathname}?q=${encodeURIComponent(words)}`);
    $("hits").replaceChildren();
    this.#toggle(true);
    await this.#more();
  }

  #toggle(open) {
    this.open = open;
    $("found").hidden = !open;
    this.onToggle(open);
  }

  async #more() {
    const asking = (this.asked += 1);
    const shown = $("hits").childElementCount;
    $("found-more").hidden = true;
    write($("search-error"), "");
    write($("found-count"), "Looking…");
    try {
      const address = `/api/records/search?q=${encodeURIComponent(this.words)}&skip=${shown}`;
      const { hits, more } = await ask(address, { token: this.page.token() });
      if (asking !== this.asked) return; // something else is looked for by now
      $("hits").append(...hits.map((hit) => hitItem(hit.call, hit, true)));
      $("found-more").hidden = !more;
      write($("found-count"), found(shown + hits.length, more));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (asking !== this.asked) return;
      write($("found-count"), "");
      write($("search-error"), error.message);
      if (error.status === 401) this.page.refused(error.message);
      else $("found-more").hidden = shown === 0;
    }
  }
}
