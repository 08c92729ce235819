// A call of elsewhere, read with a code: its captions and nothing to speak into.

import { ask, Refusal } from "./api.js";
import { Board } from "./board.js";
import { prepareDialogs } from "./dialogs.js";
import { $, copy, element, write } from "./dom.js";
import { Reader } from "./reader.js";
import { bind, Settings } from "./settings.js";
import { Subtitles } from "./subtitles.js";
import { keepAwake } from "./wake.js";
import { languageName, lateness } from "./words.js";

const code = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const SEAT = `spokenly.seat.${code}`;
const settings = new Settings();
const board = new Board({ changed: () => draw() });
const subtitles = new Subtitles(board, settings);
let call = null; // what it is, once that is known
let line = "connecting";
let why = ""; // it ended, or there is none
let late = null;
let reader = null;

/** The code opens the call once; from then on this tab has a seat of its own, which outlives the code. */
async function sitDown() {
  const seat = kept();
  if (seat) {
    try {
      return { seat, ...(await ask(`/api/shared/${seat}`)) };
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 404) throw error;
    }
  }
  const made = await ask("/api/shared", { method: "POST", body: { code } });
  keep(made.seat);
  return made;
}

async function begin() {
  try {
    call = await sitDown();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    why = error.message;
    $("again").hidden = false;
    draw();
    return;
  }
  why = "";
  $("again").hidden = true;
  reader = new Reader(`/api/shared/${call.seat}`, {
    have: () => board.rows.count,
    message: (message) => {
      call = { ...call, ...message.room };
      late = message.lateness;
      notices(message.notices);
      board.take(message);
    },
    over: (sentence) => {
      why = sentence;
      notices([]); // what was true of the call while it was shown here
      draw();
    },
    state: (state) => {
      line = state;
      if (state === "gone") gone();
      draw();
    },
  });
  draw();
}

function gone() {
  keep("");
  why ||= "This call is not shown here any more.";
  $("again").hidden = false;
}

function draw() {
  const empty = board.rows.items.length === 0 && board.partials.length === 0;
  const state = why ? "ended" : line === "open" ? "live" : "waiting";
  if (document.body.dataset.room !== state) document.body.dataset.room = state;
  write($("state"), why ? "Ended" : line === "open" ? "Live" : "Connecting");
  write($("title"), call?.title ?? "A call of elsewhere");
  write($("from"), call ? `from ${call.from}` : "");
  document.title = [state === "live" ? "Live" : "", call?.title, "Spokenly"].filter(Boolean).join(" · ");
  const language = call?.language ?? "";
  for (const part of [$("log"), $("now"), $("stage")]) if (part.lang !== language) part.lang = language;
  document.body.toggleAttribute("data-written", !empty);
  $("empty").hidden = !empty;
  write($("empty-title"), why || (line === "open" ? "Listening. What is said from now on appears here." : "One moment…"));
  $("empty-text").hidden = Boolean(why);
  $("over").hidden = empty || !why;
  write($("over"), why);
  $("jump").hidden = board.following;
  write($("jump"), board.unseen ? `Jump to live · ${board.unseen} new` : "Jump to live");
  write($("language"), language ? languageName(language) : "");
  write($("late"), state === "live" ? lateness(late) : "");
  write($("line"), why ? "ended" : { connecting: "connecting", open: "connected", full: "full" }[line] ?? "reconnecting");
  const lost = !why && ["lost", "barred", "full"].includes(line);
  $("banner").hidden = !lost;
  write($("banner-text"), line === "full" ? "Too many people read this call. Trying again…" : "Connection lost. Trying again…");
  subtitles.show();
  keepAwake(state === "live");
}

/** @param {{key: string, text: string}[]} list */
function notices(list) {
  $("notices").replaceChildren(...list.map(({ text }) => element("li", "", text)));
}

function kept() {
  try {
    return sessionStorage.getItem(SEAT) ?? "";
  } catch {
    return "";
  }
}

function keep(seat) {
  try {
    if (seat) sessionStorage.setItem(SEAT, seat);
    else sessionStorage.removeItem(SEAT);
  } catch {
    // No storage: the code is asked for again when the page is loaded anew.
  }
}

$("again").addEventListener("click", () => location.reload());
$("banner-retry").addEventListener("click", () => reader?.retry());
$("text-open").addEventListener("click", () => $("text").showModal());
$("subtitles-open").addEventListener("click", () => subtitles.toggle(true));
$("copy-all").addEventListener("click", () => copy($("copy-all"), board.text()));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && subtitles.open && !document.querySelector("dialog[open]")) subtitles.toggle(false);
});
prepareDialogs();
bind($("text-form"), settings);
draw();
begin();
