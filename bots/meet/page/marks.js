// What of a text a search has found. Pure.

/**
 * Cuts a text where marks begin and end. Marks that overlap become one, marks beside the text are ignored.
 * @param {string} text
 * @param {[number, number][]} marks first and after last, in UTF-16 code units, as JavaScript counts
 * @returns {{text: string, marked: boolean}[]}
 */
export function pieces(text, marks) {
  const result = [];
  let at = 0;
  for (const [first, past] of [...marks].sort((a, b) => a[0] - b[0])) {
    const from = Math.max(at, first);
    const to = Math.min(text.length, past);
    if (to <= from) continue;
    if (from > at) result.push({ text: text.slice(at, from), marked: false });
    result.push({ text: text.slice(from, to), marked: true });
    at = to;
  }
  if (at < text.length) result.push({ text: text.slice(at), marked: false });
  return result;
}
