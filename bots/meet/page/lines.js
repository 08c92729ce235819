// Lines for subtitles. Pure.

const SENTENCE = /[.!?…。！？]["'”’)\]]*$/u;
const CLAUSE = /[,;:—–、，；：]["'”’)\]]*$/u;
// A line reads better when these begin the next one.
const OPENERS = new Set(
  "and but or so because that which who when where while if then than as to of in on at for from with by".split(" "),
);

/**
 * Breaks text into lines of at most `width` characters, at natural points where one lies in the last
 * quarter of the line. A line depends only on the text from its own start to just past its end, so
 * that words which are added later never move what stands above.
 * @param {string} text
 * @param {number} width characters, 32 to 42
 * @returns {string[]}
 */
export function lines(text, width) {
  const words = text.split(/\s+/u).filter(Boolean).flatMap((word) => pieces(word, width));
  const result = [];
  let start = 0;
  while (start < words.length) {
    const end = lineEnd(words, start, width);
    result.push(words.slice(start, end).join(" "));
    start = end;
  }
  return result;
}

/** Index just past the last word of the line that begins with word `start`. */
function lineEnd(words, start, width) {
  let length = words[start].length;
  let end = start + 1;
  while (end < words.length && length + 1 + words[end].length <= width) {
    length += 1 + words[end].length;
    end += 1;
  }
  if (end === words.length) return end;
  let best = end;
  let bestScore = 0;
  for (let candidate = end; candidate > start + 1 && length >= width * 0.6; candidate -= 1) {
    const score = niceness(words, candidate) - (end - candidate) * 0.5;
    if (score > bestScore) [best, bestScore] = [candidate, score];
    length -= 1 + words[candidate - 1].length;
  }
  return best;
}

/** How good it is to break before word number `at`. */
function niceness(words, at) {
  const last = words[at - 1];
  if (SENTENCE.test(last)) return 4;
  if (CLAUSE.test(last)) return 3;
  if (OPENERS.has(words[at].toLowerCase())) return OPENERS.has(last.toLowerCase()) ? 0.4 : 1.5;
  return OPENERS.has(last.toLowerCase()) ? 0 : 0.5;
}

/** A word longer than a line (or a script without spaces) is cut, never lost. */
function pieces(word, width) {
  const characters = Array.from(word);
  if (characters.length <= width) return [word];
  const result = [];
  for (let i = 0; i < characters.length; i += width) result.push(characters.slice(i, i + width).join(""));
  return result;
}

/**
 * The last `count` lines of what was and is being said, each with its speaker; `dim` from the
 * character on that may still change (a line that is all settled has dim = its length).
 * @param {{speaker: string, name: string, text: string, stable: number}[]} utterances in order of start
 * @param {number} width
 * @param {number} count
 * @returns {{speaker: string, name: string, text: string, dim: number}[]}
 */
export function lastLines(utterances, width, count) {
  const result = [];
  for (let i = utterances.length - 1; i >= 0 && result.length < count; i -= 1) {
    const { speaker, name, text, stable } = utterances[i];
    let position = 0;
    const own = lines(text, width).map((line) => {
      const dim = Math.max(0, Math.min(line.length, stable - position));
      position += line.length + 1;
      return { speaker, name, text: line, dim };
    });
    result.unshift(...own.slice(-(count - result.length)));
  }
  return result;
}
