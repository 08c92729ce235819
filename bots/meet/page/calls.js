// Calls of the record as a list.

import { anchor, element, timeElement } from "./dom.js";
import { counted, day, dayAndTime, duration, listed } from "./words.js";

/** What a call is called, also when nobody gave it a title. */
export function titleOf(call) {
  return call.title || `Call of ${day(call.began)}`;
}

const STATES = { live: "still going on", interrupted: "interrupted" };

/** When, how long, how much: as nodes. */
export function factsOf(call) {
  const facts = [timeElement(new Date(call.began), dayAndTime(call.began))];
  if (call.ended) facts.push(duration((Date.parse(call.ended) - Date.parse(call.began)) / 1000));
  facts.push(counted(call.lines, "line"));
  const state = STATES[call.state];
  if (state) facts.push(element("span", `badge ${call.state}`, state));
  return facts.flatMap((fact, place) => (place ? [" · ", fact] : [fact]));
}

/** A call in a list. */
export function callItem(call) {
  const title = anchor(`/records/${encodeURIComponent(call.key)}`, "", element("bdi", "", titleOf(call)));
  const made = element("li", "call", element("h3", "", title), element("p", "facts", ...factsOf(call)));
  if (call.speakers.length) made.append(element("p", "speakers", element("bdi", "", listed(call.speakers))));
  return made;
}
