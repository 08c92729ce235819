// The committed entries of a call, in the order of their start. Pure: no page, no socket.

/** @typedef {{kind: "caption"|"gap", speaker: string, name: string, start: number, end: number, text?: string}} Entry */
/** @typedef {Entry & {index: number}} Row  `index` is its place in the order of commitment. */

export class Rows {
  /** Keeps at most `limit` rows, as the server does: past that the earliest ones are forgotten. */
  constructor(limit = 20000) {
    this.limit = limit;
    this.count = 0; // entries taken so far: what `after` asks for
    this.forgotten = 0; // entries that are not here: no longer, or because the server had forgotten them
    /** @type {Row[]} */
    this.items = [];
  }

  /**
   * Takes entries whose first has the index `first`. What is already here is ignored, so that a row
   * that was shown never changes; what lies between is what the server has forgotten.
   * @param {number} first
   * @param {Entry[]} entries
   * @returns {{added: Row[], removed: Row[]}}
   */
  take(first, entries) {
    if (first > this.count) {
      this.forgotten += first - this.count;
      this.count = first;
    }
    const added = [];
    for (const entry of entries.slice(this.count - first)) {
      const row = Object.freeze({ ...entry, index: this.count });
      this.count += 1;
      if (row.kind === "caption" && !row.text) continue; // taken back before it came here
      this.items.splice(this.#place(row), 0, row);
      added.push(row);
    }
    const removed = this.items.splice(0, Math.max(0, this.items.length - this.limit));
    this.forgotten += removed.length;
    return { added, removed };
  }

  /**
   * Takes back what people asked to be forgotten: of each speaker what has an index before the number.
   * @param {Record<string, number>} erased
   * @returns {Row[]}
   */
  erase(erased) {
    const gone = this.items.filter((row) => row.kind === "caption" && row.index < (erased[row.speaker] ?? 0));
    if (gone.length) this.items = this.items.filter((row) => !gone.includes(row));
    return gone;
  }

  /** Where the row stands or would stand in `items`. @param {Row} row */
  position(row) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(this.items[middle], row)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** New rows nearly always belong at the end: looked for from there. */
  #place(row) {
    let place = this.items.length;
    while (place > 0 && before(row, this.items[place - 1])) place -= 1;
    return place;
  }
}

/** @param {Row} a @param {Row} b */
function before(a, b) {
  return a.start < b.start || (a.start === b.start && a.index < b.index);
}

/**
 * What stands in the margin beside a row: the name where the speaker changes, the time of day where
 * a new minute has begun.
 * @param {Entry | undefined} previous
 * @param {Entry} row
 * @param {number | null} began  unix milliseconds of second 0
 */
export function margin(previous, row, began) {
  const name = !previous || previous.speaker !== row.speaker || previous.name !== row.name;
  const minute = (entry) => Math.floor((began ?? 0) / 60000 + entry.start / 60);
  return { name, time: began !== null && (!previous || minute(previous) !== minute(row)) };
}

/** One of eight colours, the same for as long as the person keeps the id. @param {string} speaker */
export function colour(speaker) {
  const number = /(\d{1,9})$/.exec(speaker);
  if (number) return (Number(number[1]) + 7) % 8;
  let sum = 0;
  for (const character of speaker) sum = (sum * 31 + character.codePointAt(0)) % 65521;
  return sum % 8;
}
