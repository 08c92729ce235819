// A recap as people read it: what was said, each claim with whoever said it and when.

import { element, spoken, timeElement } from "./dom.js";
import { counted, duration, timeOfDay } from "./words.js";

/** @typedef {{number: number, name: string, start: number, text: string}} Said  a line that supports a claim */
/** @typedef {{text: string, lines: number[], who: string | null, when: string | null, said: Said[]}} Claim */

/**
 * @typedef {object} Place where the recap stands
 * @property {number | null} began  unix ms of second 0
 * @property {"h2" | "h3"} heading
 * @property {(said: Said) => HTMLElement | null} way  a link or button to the line; null where it is not to be had
 */

export const PATIENCE = 12; // looks for a recap that is being made: a language model may take its minutes
export const BETTER = "A new recap is being made; until then, here is this one.";

const QUOTED = {
  summary: "The most telling lines",
  decisions: "Likely decisions",
  actions: "Likely things to do",
  questions: "Questions that were asked",
};
const WRITTEN = { summary: "Summary", decisions: "Decisions", actions: "Things to do", questions: "Open questions" };

/** @param {object} recap as docs/room-protocol.md has it @param {Place} place @returns {Node[]} */
export function recapView(recap, place) {
  const titles = recap.quoted ? QUOTED : WRITTEN;
  const parts = Object.entries(titles)
    .filter(([key]) => recap[key].length)
    .map(([key, title]) => section(place, title, claims(recap[key], recap.quoted, place)));
  if (recap.phrases.length) parts.push(section(place, "Key phrases", phrases(recap.phrases)));
  if (recap.talk.length) parts.push(section(place, "Who spoke", talk(recap.talk)));
  if (recap.mood) parts.push(section(place, "Mood", mood(recap, place)));
  if (!parts.length) parts.push(element("p", "hint", "Nothing was said that could be summed up."));
  return [...parts, origin(recap)];
}

function section(place, title, content) {
  return element("section", "part", element(place.heading, "", title), content);
}

function claims(list, quoted, place) {
  return element("ul", "claims", ...list.map((claim) => item(claim, quoted, place)));
}

function item(claim, quoted, place) {
  const text = element("p", quoted ? "claim quotation" : "claim", claim.text);
  text.dir = "auto";
  const made = element("li", "", text);
  if (claim.who || claim.when) made.append(due(claim));
  const cites = element("p", "cites");
  const quotes = [];
  for (const said of claim.said) {
    const way = place.way(said);
    if (cites.childNodes.length) cites.append(" ");
    if (way) way.append(...citation(said, place));
    cites.append(way ?? element("span", "cite", ...citation(said, place)));
    if (!way && !quoted) quotes.push(spoken(said.text)); // it can't be looked up: here it is
  }
  made.append(cites, ...quotes);
  return made;
}

function citation(said, place) {
  const text = place.began === null ? clock(said.start) : timeOfDay(place.began, said.start);
  const time = timeElement(new Date((place.began ?? NaN) + said.start * 1000), text);
  return [element("bdi", "", said.name), " ", time];
}

function due(claim) {
  const parts = [];
  if (claim.who) parts.push("Who: ", element("bdi", "", claim.who));
  if (claim.when) parts.push(claim.who ? " · When: " : "When: ", element("bdi", "", claim.when));
  return element("p", "due", ...parts);
}

function phrases(list) {
  return element("ul", "phrases", ...list.map((phrase) => element("li", "", element("bdi", "", phrase))));
}

/** How long each spoke; the bars say it once more for the eye. */
function talk(list) {
  const most = Math.max(...list.map((one) => one.seconds), 1);
  const rows = list.map((one) => {
    const bar = element("span", "bar-of");
    bar.ariaHidden = "true";
    bar.style.setProperty("--part", (one.seconds / most).toFixed(3));
    const figures = element("span", "figures-of", `${duration(one.seconds)}, ${counted(one.words, "word")}`);
    return element("li", "", element("bdi", "", one.name), " ", figures, bar);
  });
  return element("ul", "talk", ...rows);
}

function mood(recap, place) {
  const { score, brightest, darkest } = recap.mood;
  const words = ["bad", "rather bad", "even", "rather good", "good"];
  const word = words[Math.max(0, Math.min(4, Math.round(score * 2.5 + 2)))];
  const made = element("div", "", element("p", "", `By the words alone, ${word} (${signed(score)}, from −1 to 1).`));
  for (const [name, claim] of [["The brightest line:", brightest], ["The darkest line:", darkest]]) {
    if (claim) made.append(element("p", "due", name), claims([claim], true, place));
  }
  return made;
}

/** @param {number} score */
function signed(score) {
  return score.toFixed(1).replace("-", "−");
}

function origin(recap) {
  // A recap that quotes says in its note what it can't do.
  const honest = recap.quoted
    ? `${recap.name}, each as it was heard.`
    : `Made by ${recap.name}. It was written by a machine and may be wrong: each point names the lines it rests on.`;
  const made = element("p", "origin hint", honest);
  if (recap.note) made.append(element("br"), element("span", "note", recap.note));
  return made;
}

/** "1:02:03" since the call began. @param {number} seconds */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : String(part))).join(":");
}
