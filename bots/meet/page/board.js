// What has been and is being said, as rows on the page.

import { $, element, write } from "./dom.js";
import { colour, margin, Rows } from "./rows.js";
import { FORGOTTEN, gapText, timeOfDay } from "./words.js";

const NEAR = 48; // px from the bottom that still count as "at the bottom"
const ON_PAGE = 3000; // rows in the document
const EARLIER = 1000; // rows that "Show earlier" brings back

export class Board {
  /** @param {{changed: () => void}} page */
  constructor(page) {
    this.page = page;
    this.rows = new Rows();
    this.partials = [];
    this.began = null;
    this.limit = ON_PAGE;
    this.following = true;
    this.unseen = 0;
    this.opened = false;
    this.ending = null; // what stands under the captions when the call is over
    this.items = new Map(); // row index → <li>, for rows in the document
    this.tails = new Map(); // speaker → element of what is being said
    this.scroller = $("scroller");
    this.log = $("log");
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#follow()).observe(this.scroller);
    new ResizeObserver(() => this.#follow()).observe($("sheet"));
    write($("forgotten"), FORGOTTEN);
    $("earlier").addEventListener("click", () => this.#earlier());
    $("jump").addEventListener("click", () => this.live());
  }

  /** Takes a board from the server. */
  take(message) {
    if (message.room?.began !== undefined && message.room.began !== this.began) this.#begin(message.room.began);
    const hidden = this.rows.items.length - this.items.size;
    let floor = hidden ? this.rows.items[hidden] : undefined;
    const taken = this.rows.take(message.first, message.entries);
    const erased = this.rows.erase(message.erased ?? {});
    if (erased.length) taken.added = taken.added.filter((row) => !erased.includes(row));
    if (!this.items.size) floor = this.rows.items[Math.max(0, this.rows.items.length - this.limit)];
    this.#steady(() => {
      // What was there before this page was opened is not read out, nor is a long absence.
      const flood = !this.opened || taken.added.length > 20;
      this.opened = true;
      if (flood) this.log.setAttribute("aria-live", "off");
      for (const row of [...taken.removed, ...erased]) this.#remove(row);
      for (const row of taken.added) this.#insert(row, floor);
      this.partials = [...message.partials].sort((a, b) => a.start - b.start);
      this.#speak();
      this.#trim();
      this.#offer();
      if (flood) setTimeout(() => this.log.setAttribute("aria-live", "polite"), 500);
    });
    if (!this.following) this.unseen += taken.added.length;
    this.page.changed();
  }

  /** Back to what is being said now. */
  live() {
    this.limit = ON_PAGE;
    this.following = true;
    this.unseen = 0;
    this.#trim();
    this.#offer();
    this.#follow();
    this.page.changed();
  }

  /** The row of whoever spoke at that second, if it is still known here. @param {string} name @param {number} start */
  find(name, start) {
    return this.rows.items.find((row) => row.name === name && Math.abs(row.start - start) < 0.05);
  }

  /** Brings a row into view and to the keyboard, however far up it stands. @param {import("./rows.js").Row} row */
  show(row) {
    while (!this.items.has(row.index) && this.items.size < this.rows.items.length) this.#earlier();
    const item = this.items.get(row.index);
    if (!item) return;
    this.following = false;
    for (const other of this.log.querySelectorAll(".aim")) other.classList.remove("aim");
    item.classList.add("aim");
    item.tabIndex = -1;
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "center" });
    this.page.changed();
  }

  /** Everything that is known here, as plain text. */
  text() {
    const parts = this.rows.forgotten ? [FORGOTTEN] : [];
    this.rows.items.forEach((row, place) => {
      const beside = margin(this.rows.items[place - 1], row, this.began);
      if (beside.name) parts.push(`${parts.length ? "\n" : ""}${this.#time(row)} ${row.name}`.trimEnd());
      parts.push(row.kind === "gap" ? gapText(row.end - row.start) : row.text);
    });
    return parts.join("\n");
  }

  #begin(began) {
    this.began = began;
    for (const [place, row] of this.rows.items.entries()) if (this.items.has(row.index)) this.#head(place);
  }

  #time(row) {
    return this.began === null ? "" : timeOfDay(this.began, row.start);
  }

  /** Rows before `floor` stand behind "Show earlier". */
  #insert(row, floor) {
    const place = this.rows.position(row);
    if (floor && place < this.rows.position(floor)) return;
    let next = place + 1;
    while (next < this.rows.items.length && !this.items.has(this.rows.items[next].index)) next += 1;
    const item = this.#item(row);
    this.log.insertBefore(item, this.items.get(this.rows.items[next]?.index) ?? null);
    this.items.set(row.index, item);
    this.#head(place);
    if (next < this.rows.items.length) this.#head(next);
  }

  #item(row) {
    const item = element("li", row.kind === "gap" ? "row gap" : "row");
    item.dataset.colour = String(colour(row.speaker));
    const said = element("p", "said");
    said.dir = "auto";
    said.textContent = row.kind === "gap" ? gapText(row.end - row.start) : row.text;
    item.append(said);
    return item;
  }

  /** Name and time beside a row; they depend on the row that stands before it in the document. */
  #head(place) {
    const row = this.rows.items[place];
    const item = this.items.get(row.index);
    if (!item) return;
    const previous = this.rows.items[place - 1];
    const beside = margin(this.items.has(previous?.index) ? previous : undefined, row, this.began);
    item.classList.toggle("turn", beside.name);
    item.querySelector(".beside")?.remove();
    const head = heading(beside.name ? row.name : "", beside.time ? this.#time(row) : "");
    if (head) item.prepend(head);
  }

  #remove(row) {
    this.items.get(row.index)?.remove();
    this.items.delete(row.index);
  }

  /** What is being said now: outside the live region, so that screen readers get settled words only. */
  #speak() {
    const now = $("now");
    const seen = new Set();
    let previous = this.rows.items.at(-1);
    for (const partial of this.partials) {
      const tail = this.tails.get(partial.speaker) ?? this.#tail(partial);
      seen.add(partial.speaker);
      const name = previous?.speaker !== partial.speaker || previous.name !== partial.name;
      tail.root.classList.toggle("turn", name);
      write(tail.name, name ? partial.name : "");
      write(tail.stable, partial.text.slice(0, partial.stable));
      write(tail.rest, partial.text.slice(partial.stable));
      if (now.children[seen.size - 1] !== tail.root) now.insertBefore(tail.root, now.children[seen.size - 1] ?? null);
      previous = partial;
    }
    for (const [speaker, tail] of this.tails) {
      if (seen.has(speaker)) continue;
      tail.root.remove();
      this.tails.delete(speaker);
    }
  }

  #tail(partial) {
    const name = element("bdi", "name");
    const stable = element("span", "stable");
    const rest = element("span", "rest");
    const said = element("p", "said", stable, rest);
    said.dir = "auto";
    const root = element("div", "row", element("div", "beside", name), said);
    root.dataset.colour = String(colour(partial.speaker));
    const tail = { root, name, stable, rest };
    this.tails.set(partial.speaker, tail);
    return tail;
  }

  /** The document stays bounded; somebody who reads further up is not disturbed before it doubles. */
  #trim() {
    const limit = this.following ? this.limit : this.limit + ON_PAGE;
    if (this.items.size <= limit) return;
    const first = this.rows.items.length - this.items.size;
    for (const row of this.rows.items.slice(first, this.rows.items.length - limit)) this.#remove(row);
    this.#head(this.rows.items.length - limit);
  }

  #earlier() {
    this.following = false;
    this.#steady(() => {
      const first = this.rows.items.length - this.items.size;
      const older = this.rows.items.slice(Math.max(0, first - EARLIER), first);
      this.limit += older.length;
      const top = this.log.firstChild;
      for (const row of older) {
        const item = this.#item(row);
        this.items.set(row.index, item);
        this.log.insertBefore(item, top);
      }
      for (let place = first - older.length; place <= first; place += 1) this.#head(place);
      this.#offer();
    });
  }

  #offer() {
    $("earlier").hidden = this.items.size >= this.rows.items.length;
    $("forgotten").hidden = !this.rows.forgotten;
  }

  /** Changes the page without moving what somebody reads. */
  #steady(change) {
    if (this.following) {
      change();
      this.#follow();
      return;
    }
    const anchor = this.#firstInView()?.lastElementChild; // the words: a name may appear above them or go
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (anchor?.isConnected) this.scroller.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  #firstInView() {
    const edge = this.scroller.getBoundingClientRect().top;
    const items = this.log.children;
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (items[middle].getBoundingClientRect().bottom > edge) high = middle;
      else low = middle + 1;
    }
    return items[low];
  }

  #follow() {
    if (!this.following) return;
    if (!this.ending) this.scroller.scrollTop = this.scroller.scrollHeight;
    // The last words stay in view, and below them begins what comes after; nobody is taken back from it.
    else this.scroller.scrollTop = Math.max(this.scroller.scrollTop, this.#end() + this.scroller.clientHeight * 0.5);
  }

  /** Where the scroller stands when the last caption is at its foot. */
  #end() {
    const { scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - clientHeight - (this.ending?.offsetHeight ?? 0);
  }

  #scrolled() {
    const following = this.#end() - this.scroller.scrollTop < NEAR;
    if (following === this.following) return;
    this.following = following;
    if (following) this.unseen = 0;
    this.page.changed();
  }
}

function heading(name, time) {
  if (!name && !time) return null;
  const head = element("div", "beside");
  if (name) head.append(element("bdi", "name", name));
  if (name && time) head.append(" "); // so that copies and screen readers keep them apart
  if (time) head.append(element("time", "", time));
  return head;
}
