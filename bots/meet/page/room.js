// A room's page: joins the captions, the voice and everything around them.

import { Afterwards } from "./afterwards.js";
import { ask, Refusal } from "./api.js";
import { Board } from "./board.js";
import { CatchUp } from "./catchup.js";
import { prepareDialogs } from "./dialogs.js";
import { $, copy, element, write } from "./dom.js";
import { Elsewhere } from "./elsewhere.js";
import { drawKeep, noteCall } from "./keeping.js";
import { mySecret } from "./keys.js";
import { Pass } from "./passes.js";
import { Reader } from "./reader.js";
import { bind, Settings } from "./settings.js";
import { ShareDialog } from "./share.js";
import { Subtitles } from "./subtitles.js";
import { Voice } from "./voice.js";
import { keepAwake } from "./wake.js";
import { duration, languageName, lateness, listed } from "./words.js";

const id = location.pathname.split("/").filter(Boolean).at(-1);
const settings = new Settings();
const board = new Board({ changed: () => soon() });
const pass = new Pass(id, { changed: () => soon(), say });
const voice = new Voice(id, { changed: () => soon(), level, hearing, say, me, pass: () => pass.text });
const subtitles = new Subtitles(board, settings);
const share = new ShareDialog(id, voice, settings, pass);
const catchUp = new CatchUp(id, board);
const afterwards = new Afterwards(id, board);
let room = { state: "waiting", people: [], engine: "", language: "en", note: null };
let late = null;
let now = null; // seconds of the call
let line = "connecting";
let drawing = false;
let retention = null; // days; null: not known

const reader = new Reader(`/api/rooms/${id}`, {
  have: () => board.rows.count,
  message: (message) => {
    room = message.room ?? room;
    late = message.lateness;
    now = message.now;
    notices(message.notices);
    board.take(message);
    noteCall(id, room, board.rows.count > 0);
  },
  state: (state) => {
    line = state;
    soon();
  },
});

/** However much happens, the frame around the captions is drawn once. */
function soon() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    draw();
  });
}

function draw() {
  const empty = board.rows.items.length === 0 && board.partials.length === 0;
  // Whoever shares sound again goes on with it, until the room is closed.
  const STATES = { waiting: "Waiting", live: "Live", ended: room.closed ? "Ended" : "No sound" };
  if (document.body.dataset.room !== room.state) document.body.dataset.room = room.state;
  write($("state"), line === "connecting" ? "Connecting" : STATES[room.state]);
  document.title = [room.state === "live" ? "Live" : "", room.title, "Spokenly"].filter(Boolean).join(" · ");
  write($("title"), room.title || "Room");
  $("title").classList.toggle("unseen", !room.title);
  drawKeep(id, room, retention, empty);
  // Even the same language anew makes the browser look at every row again.
  for (const part of [$("log"), $("now"), $("stage")]) if (part.lang !== room.language) part.lang = room.language;
  document.body.toggleAttribute("data-written", !empty);
  $("empty").hidden = !empty;
  $("over").hidden = empty || room.state !== "ended";
  afterwards.see(!empty && room.state === "ended" && Boolean(room.record));
  write($("empty-title"), emptyTitle());
  const unseen = board.unseen ? ` · ${board.unseen} new` : "";
  $("jump").hidden = board.following;
  write($("jump"), `${room.state === "ended" ? "Jump to the end" : "Jump to live"}${unseen}`);
  drawStatus();
  drawVoice();
  drawBanner();
  subtitles.show();
  keepAwake(room.state === "live" || voice.state === "sharing");
}

function emptyTitle() {
  if (line === "connecting") return "One moment…";
  if (line === "full") return "This room is full.";
  if (room.closed) return room.closed;
  if (room.state === "live") return "Listening. Nobody has spoken yet.";
  return room.state === "ended" ? "Nobody shares sound any more." : "Nobody shares sound yet.";
}

function drawStatus() {
  const heard = room.people.filter((person) => person.sharing);
  const names = heard.map((person) => (person.muted ? `${person.name} (muted)` : person.name));
  write($("people"), heard.length && room.state === "live" && line !== "gone" ? `Sharing sound: ${listed(names)}` : "");
  const sent = room.streamed ? `${duration(room.streamed)} sent there in ${duration(now ?? 0)}` : "";
  write($("engine"), [room.engine, languageName(room.language), sent].filter(Boolean).join(" · "));
  write($("late"), room.state === "live" ? lateness(late) : "");
  $("late").classList.toggle("slow", late !== null && late > 4);
  const LINES = { connecting: "connecting", open: "connected", lost: "reconnecting", barred: "barred", gone: "room gone", full: "room full" };
  write($("line"), LINES[line]);
  write($("note"), room.note ?? "");
}

function drawVoice() {
  const sharing = voice.state === "sharing";
  const SOURCES = { microphone: "your microphone", tab: "a tab’s sound", sample: "the sample" };
  const focused = $("sharing").contains(document.activeElement);
  const readsOnly = room.guests === false && !pass.text && !sharing;
  $("share-open").hidden = sharing || readsOnly || Boolean(room.closed);
  $("empty-share").hidden = $("share-open").hidden;
  $("empty-speak").hidden = readsOnly || Boolean(room.closed);
  $("empty-guests").hidden = room.guests === false;
  $("empty-read").hidden = !readsOnly || Boolean(room.closed);
  $("reading").hidden = !readsOnly || Boolean(room.closed);
  $("sharing").hidden = !sharing;
  if (focused && !sharing) $("share-open").focus();
  document.body.classList.toggle("muted", voice.muted);
  const name = room.people.find((one) => one.id === voice.person?.person)?.name ?? voice.name;
  write($("sharing-what"), sharing ? `${name}, ${SOURCES[voice.source]}` : "");
  write($("mute"), voice.muted ? "Unmute" : "Mute");
  $("mute").setAttribute("aria-pressed", String(voice.muted));
  $("share-open").disabled = voice.state === "starting" || line === "gone";
}

function drawBanner() {
  const waiting = voice.state === "sharing" ? " What you say is kept for up to 60 seconds and sent when it is back." : "";
  let text = "";
  const kept = Boolean(room.record) && board.rows.count > 0;
  if (line === "gone" && kept) text = "This room is over. Its transcript is kept in the record.";
  else if (line === "gone") text = "This room is over, and the server has forgotten it. What you read here is still yours: copy it now.";
  else if (line === "full") text = "This room is full: too many people are in it. Trying again…";
  else if (line === "barred") text = "The server answers, but no captions come through: the room may be full, or a proxy stops WebSockets. Trying again…";
  else if (line === "lost") {
    const reason = reader.stopping ? ": the server was stopped, or restarts" : "";
    text = `Connection lost${reason}. Trying again…${waiting}`;
  }
  else if (room.closed) text = room.closed;
  else if (voice.state === "sharing" && !voice.connected) text = `Your sound does not reach the server. Trying again…${waiting}`;
  write($("banner-text"), text);
  $("banner").hidden = !text;
  $("banner-retry").hidden = line === "gone" || (line === "open" && Boolean(room.closed));
  $("banner-record").hidden = line !== "gone" || !kept;
  $("banner-copy").hidden = line !== "gone" || board.rows.items.length === 0;
}

/** @param {{key: string, text: string}[]} list */
function notices(list) {
  const place = $("notices");
  const kept = new Map([...place.children].map((item) => [item.dataset.key, item]));
  for (const { key, text } of list) {
    const item = kept.get(key) ?? element("li");
    kept.delete(key);
    item.dataset.key = key;
    write(item, text);
    if (!item.isConnected) place.append(item);
  }
  for (const item of kept.values()) item.remove();
}

function level(value) {
  $("meter").style.setProperty("--level", value.toFixed(3));
  $("meter").setAttribute("aria-valuenow", String(Math.round(value * 100)));
}

function hearing(sentence) {
  write($("hearing"), sentence);
}

/** Where nothing is kept, nobody needs to be known again. */
function me() {
  return room.keep === "captions" ? "" : mySecret();
}

/** Something that happened, until it is read or something else happens. */
function say(sentence) {
  write($("said"), sentence);
  $("told").hidden = !sentence;
}

function on(name, action) {
  $(name).addEventListener("click", action);
}

on("share-open", () => {
  say("");
  share.open();
});
on("empty-share", () => $("share-open").click());
on("stop", () => voice.stop());
on("mute", () => voice.mute(!voice.muted));
on("told-close", () => say(""));
on("banner-retry", () => {
  reader.retry();
  voice.line?.retry();
});
on("banner-copy", () => copy($("banner-copy"), board.text()));
on("text-open", () => $("text").showModal());
on("save-open", () => $("save").showModal());
on("catchup-open", () => catchUp.open());
on("help-open", () => $("help").showModal());
on("subtitles-open", () => subtitles.toggle(true));
on("copy-all", () => copy($("copy-all"), board.text()));
for (const button of document.querySelectorAll("[data-copy-link]")) {
  button.addEventListener("click", () => copy(button, location.href));
}
new Elsewhere(id);
prepareDialogs();
bind($("text-form"), settings);

const KEYS = {
  c: () => catchUp.open(),
  m: () => voice.mute(!voice.muted),
  s: () => subtitles.toggle(),
  f: () => subtitles.open && $("subtitles-full").click(),
  "+": () => settings.resize(1),
  "=": () => settings.resize(1),
  "-": () => settings.resize(-1),
  "?": () => $("help").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]") || event.target.closest("input, select, textarea")) return;
  if (event.key === "End") board.live();
  else if (event.key === "Escape" && subtitles.open) subtitles.toggle(false);
  else if (settings.get("shortcuts") === "on" && KEYS[event.key.toLowerCase()]) KEYS[event.key.toLowerCase()]();
  else return;
  event.preventDefault();
});

ask("/api/settings").then(
  (told) => {
    retention = told.retention;
    soon();
  },
  (error) => {
    if (!(error instanceof Refusal)) throw error; // without it the page only says less
  },
);

draw();
