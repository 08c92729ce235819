// The page's sentences and figures. Pure.

/** @param {number} seconds */
export function span(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  return rest ? `${Math.floor(whole / 60)} min ${rest} s` : `${whole / 60} min`;
}

/** @param {number} seconds */
export function gapText(seconds) {
  return `— ${span(seconds)} not heard —`;
}

/** @param {number} seconds */
export function unkeptText(seconds) {
  return `— ${span(seconds)} not kept: the record could not be written —`;
}

/** @param {number | null} seconds */
export function lateness(seconds) {
  if (seconds === null || seconds === undefined) return "";
  return seconds < 10 ? `${Math.max(0, seconds).toFixed(1)} s behind` : `${span(seconds)} behind`;
}

/** @param {number} began unix ms @param {number} start seconds */
export function timeOfDay(began, start) {
  return new Date(began + start * 1000).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

/** How long a call was: "40 s", "48 min", "1 h 5 min". @param {number} seconds */
export function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return span(seconds);
  const rest = minutes % 60;
  if (minutes < 60) return `${minutes} min`;
  return rest ? `${Math.floor(minutes / 60)} h ${rest} min` : `${minutes / 60} h`;
}

/** A day and a time, as this device writes them. @param {string | number} moment ISO, or unix ms */
export function dayAndTime(moment) {
  return new Date(moment).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/** @param {string} moment ISO */
export function day(moment) {
  return new Date(moment).toLocaleDateString([], { dateStyle: "long" });
}

/** "1 line", "1,204 lines". @param {number} count @param {string} what */
export function counted(count, what) {
  return `${count.toLocaleString()} ${what}${count === 1 ? "" : "s"}`;
}

/**
 * @param {"captions" | "transcript" | undefined} keep undefined: not known yet
 * @param {string | null} [origin] the chat that the room was opened for
 */
export function keepLabel(keep, origin) {
  if (keep === "captions" && origin) return `Shown in ${origin}`;
  return { captions: "Captions only", transcript: "Transcript kept" }[keep] ?? "";
}

/**
 * @param {"captions" | "transcript" | undefined} keep
 * @param {number | null} days that a record is kept; 0: for ever
 * @param {string | null} [origin] the chat that the room was opened for: there the words stay as messages
 */
export function keepSentence(keep, days, origin) {
  const there = origin ? `What is said here is shown in ${origin} and stays there, as messages.` : "";
  if (keep === "captions" && there) return `${there} No record is kept besides, and never the sound.`;
  if (keep === "captions") return "Captions only: nothing is written down. The sound is not stored either.";
  if (keep !== "transcript") return "";
  const told = `${there} A transcript of this call is kept: the words, with names; never the sound.`.trim();
  if (days === null) return told;
  return `${told} ${days ? `Deleted after ${counted(days, "day")}.` : "It stays until somebody deletes it."}`;
}

/** @param {string} code BCP 47 */
export function languageName(code) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code; // not a well-formed code: shown as it came
  }
}

/** "Ann", "Ann and Bob", "Ann, Bob and 3 more". @param {string[]} names */
export function listed(names) {
  if (names.length > 4) return `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

export const INSECURE =
  "Browsers give out sound only over HTTPS. Open this page with https://, " +
  "or on the computer that runs Spokenly with http://localhost.";

export const NO_SOUND_OF_TAB =
  "That tab was shared without its sound. Share it again and switch on “Also share tab audio”.";

export const NO_OUTPUT =
  "The browser can't start its sound system. It needs a sound output, such as speakers or a headset, even to listen.";

export const FORGOTTEN = "Earlier text is no longer kept.";

/** @param {number} seconds of this share so far */
export function thrownAway(seconds) {
  return `Your sound could not be sent in time: ${span(seconds)} of it had to be thrown away.`;
}

export const PAUSED =
  "This device has paused the sound. Come back to this page; if that does not help, stop and share again.";

/** What went wrong when sound was asked for. @param {Error} error @param {"microphone" | "tab" | "sample"} source */
export function refusal(error, source) {
  if (source === "sample") return "The sample can't be played here.";
  if (source === "tab") return tabRefusal(error.name);
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "The browser was not allowed to use the microphone. Allow it beside the address, then try again.";
    case "NotFoundError":
      return "There is no microphone on this device. Plug one in, or share something else.";
    case "OverconstrainedError":
      return "That microphone is not there any more. Choose another one.";
    case "NotReadableError":
    case "AbortError":
      return "The microphone can't be read. Another app may be using it.";
    default:
      return `The microphone can't be used: ${error.message || error.name}.`;
  }
}

function tabRefusal(name) {
  if (name === "NotAllowedError") return "Nothing was chosen, so nothing is shared.";
  if (name === "NotReadableError") return "The sound of that tab or window can't be read.";
  return "This browser can't share the sound of a tab.";
}

/** What to say when nothing is heard. @param {"nothing" | "zeros"} what @param {"microphone" | "tab" | "sample"} source */
export function silence(what, source) {
  if (source === "tab") {
    return what === "zeros"
      ? "We hear nothing from that tab. Is something playing in it, and was its sound shared?"
      : "We hear next to nothing from that tab. Is it playing, and loud enough?";
  }
  if (source === "sample") return "The sample is silent.";
  return "We hear nothing from this microphone. Is it muted, or the wrong one?";
}

/** Why sound stopped by itself. @param {"microphone" | "tab" | "sample"} source */
export function ended(source) {
  if (source === "tab") return "The tab's sound has ended: it was closed, or its sharing was stopped.";
  if (source === "sample") return "The sample is over.";
  return "The microphone is gone: it was unplugged, or the system took it away. Choose another one to go on.";
}
