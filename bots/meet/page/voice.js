// What a person shares: from the click to the last frame.

import { capture, NoSound } from "./capture.js";
import { Hearing, meter } from "./hearing.js";
import { Line } from "./line.js";
import { FRAME, RATE, Ring } from "./ring.js";
import { forget, leave, register, remember, remembered } from "./person.js";
import { ended, PAUSED, silence, thrownAway } from "./words.js";

const STALLED = 4000; // ms without a frame

/**
 * @typedef {object} VoicePage
 * @property {() => void} changed  look at `state`, `muted`, `name`, `source`, `connected`
 * @property {(level: number) => void} level  0 to 1, 25 times a second
 * @property {(sentence: string) => void} hearing  "" when all is well
 * @property {() => string} me  this browser's secret, "" where nothing is kept that it could open
 * @property {() => string} pass  the pass that says who speaks, or ""
 * @property {(sentence: string) => void} say  something that happened, in one sentence
 */

export class Voice {
  /** @param {string} room @param {VoicePage} page */
  constructor(room, page) {
    this.room = room;
    this.page = page;
    /** @type {"off" | "starting" | "sharing"} */
    this.state = "off";
    this.muted = false;
    this.connected = false;
    this.name = "";
    this.source = null;
    this.newest = null; // seconds on the sample clock where the newest frame ends
    this.frameAt = 0; // performance.now() of that frame
    this.away = 0; // seconds of this share that had to be thrown away
    addEventListener("pagehide", () => this.stop());
    setInterval(() => this.#watch(), 1000);
  }

  /**
   * @param {{name: string, source: "microphone" | "tab" | "sample", device?: string, audible?: boolean}} wish
   * @throws {NoSound} with a sentence for the person
   */
  async start(wish) {
    this.stop();
    this.#become("starting");
    const ring = new Ring();
    this.ring = ring;
    this.muted = false;
    this.hearing = new Hearing();
    this.newest = null;
    this.frameAt = performance.now();
    this.away = 0;
    this.source = wish.source;
    let stopCapture = () => {};
    try {
      stopCapture = await capture(wish.source, wish, {
        frame: (frame) => this.#frame(ring, frame),
        ended: () => this.#ended(ring),
      });
      await this.#join(ring, wish.name);
      this.stopCapture = stopCapture;
      this.#become("sharing");
    } catch (error) {
      stopCapture();
      if (this.ring === ring) this.#forget();
      throw error;
    }
  }

  /** @param {boolean} muted */
  mute(muted) {
    if (this.state !== "sharing" || this.muted === muted) return;
    this.muted = muted;
    this.line.mute(muted);
    this.page.hearing("");
    if (muted) this.page.level(0);
    this.page.changed();
  }

  /** Stops sharing. */
  stop() {
    const { person, line } = this;
    if (!this.ring) return;
    this.#end();
    if (!line) return;
    line.bye();
    leave(this.room, person, line.share.mark);
  }

  #end() {
    const { stopCapture } = this;
    this.#forget();
    stopCapture?.();
  }

  /** As the person that this tab was before, if the name is the same: then the colour stays as well. */
  async #join(ring, name) {
    const before = remembered(this.room, name);
    const now = before ?? (await register(this.room, name, this.page.me(), this.page.pass()));
    if (this.ring !== ring) throw new NoSound("The sound ended before it could be shared.");
    remember(this.room, name, now);
    this.person = now;
    this.name = now.name;
    this.#connect(ring, now, (sentence, code) => {
      forget(this.room);
      if (before && code === 4001) this.#join(ring, name).catch((error) => this.#refused(error.message));
      else this.#refused(sentence);
    });
  }

  #connect(ring, person, refused) {
    this.line = new Line(
      {
        room: this.room,
        token: person.token,
        source: this.source,
        mark: crypto.randomUUID(),
        ring,
        clock: () => this.#clock(),
      },
      {
        ready: () => this.#connection(true),
        lost: () => this.#connection(false),
        thrownAway: (seconds) => this.#thrownAway(seconds),
        refused,
      },
    );
    this.line.mute(this.muted);
  }

  /** Seconds of the sample that is captured now: the newest frame, and what has gone by since it came. */
  #clock() {
    return this.newest === null ? 0 : this.newest + (performance.now() - this.frameAt) / 1000;
  }

  /** A server that is only just too slow makes it a little more each time: said second by second. */
  #thrownAway(seconds) {
    const before = this.away && thrownAway(this.away);
    this.away += seconds;
    const now = thrownAway(this.away);
    if (now !== before) this.page.say(now);
  }

  /** The server has ended the share. It is told nothing: another tab may share as the same person. */
  #refused(sentence) {
    this.page.say(sentence);
    this.#end();
  }

  #frame(ring, frame) {
    if (this.ring !== ring) return;
    this.frameAt = performance.now();
    this.newest = frame.at + FRAME / RATE;
    if (this.muted) return;
    ring.push(frame.at, frame.pcm);
    this.line?.pump();
    this.page.level(meter(frame.rms));
    const opinion = this.hearing.push(frame.peak, FRAME / RATE);
    this.page.hearing(opinion === "heard" ? "" : silence(opinion, this.source));
  }

  /** Phones stop the sound of a page for a call, or when it is out of sight. */
  #watch() {
    if (this.state === "sharing" && performance.now() - this.frameAt > STALLED) this.page.hearing(PAUSED);
  }

  #ended(ring) {
    if (this.ring !== ring) return;
    this.page.say(ended(this.source));
    this.stop();
  }

  #connection(connected) {
    this.connected = connected;
    this.page.changed();
  }

  #forget() {
    this.ring = undefined;
    this.line = undefined;
    this.person = undefined;
    this.stopCapture = undefined;
    this.connected = false;
    this.muted = false;
    this.page.level(0);
    this.page.hearing("");
    this.#become("off");
  }

  #become(state) {
    this.state = state;
    this.page.changed();
  }
}
