// The audio socket: sends frames, keeps what is not acknowledged, and after a break sends it again.

import { backoff } from "./backoff.js";
import { FRAME, RATE } from "./ring.js";

const AHEAD = 262144; // bytes that may wait in the browser; the rest waits in the ring
const DEAD = 10000; // ms without a word: the server says something every 3 s, and what has arrived
const FINAL = new Set([4000, 4001, 4003, 4004, 4008, 4009]);

export class Line {
  /**
   * @param {object} share
   * @param {string} share.room
   * @param {string} share.token
   * @param {string} share.source
   * @param {string} share.mark  new for each share, the same for its reconnections
   * @param {import("./ring.js").Ring} share.ring
   * @param {() => number} share.clock  seconds of the sample that is captured now
   * @param {{ready: () => void, lost: () => void, thrownAway: (seconds: number) => void,
   *   refused: (sentence: string, code: number) => void}} page
   */
  constructor(share, page) {
    this.share = share;
    this.ring = share.ring;
    this.page = page;
    this.attempt = 0;
    this.sent = 0; // the sequence number to send next
    /** @type {[number, number][]} */
    this.told = []; // sequence numbers, from and before, that the page knows to be thrown away
    this.ready = false;
    this.over = false;
    this.muted = false;
    this.sentence = "";
    this.timer = 0;
    this.heard = 0; // performance.now() of the last message
    this.watch = setInterval(() => this.#check(), 2000);
    this.online = () => this.retry();
    addEventListener("online", this.online);
    this.#open();
  }

  /** Tries again at once. */
  retry() {
    if (this.over || !this.timer) return;
    this.attempt = 0;
    this.#open();
  }

  /** Sends what the socket takes without piling it up. Call it whenever the ring got a frame. */
  pump() {
    if (!this.ready) return;
    for (;;) {
      const frame = this.ring.from(this.sent);
      if (!frame || this.socket.bufferedAmount > AHEAD) return;
      if (frame.sequence > this.sent) this.#skip(frame.sequence);
      this.socket.send(frame.bytes);
      frame.sent = performance.now();
      this.sent = frame.sequence + 1;
    }
  }

  /** The server took so little for so long that the ring was full. */
  #skip(next) {
    this.told = this.told.filter(([, past]) => past > this.ring.acknowledged);
    this.told.push([this.sent, next]);
    this.#away(next - this.sent);
  }

  #away(frames) {
    if (frames > 0) this.page.thrownAway((frames * FRAME) / RATE);
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    if (this.ready) this.#say({ type: muted ? "muted" : "unmuted" });
  }

  /** Ends the share. */
  bye() {
    if (this.ready) this.#say({ type: "bye" });
    this.#end();
  }

  #open() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.#drop();
    const address = new URL(`/api/rooms/${this.share.room}/audio`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    this.socket = new WebSocket(address);
    this.heard = performance.now();
    const { token, source, mark, clock } = this.share;
    this.socket.onopen = () => this.#say({ type: "hello", token, source, share: mark, clock: clock() });
    this.socket.onmessage = (event) => this.#message(JSON.parse(event.data));
    this.socket.onclose = (event) => this.#closed(event.code);
  }

  #message(message) {
    this.heard = performance.now();
    if (message.type === "ready") this.#begin(message.next);
    else if (message.type === "ack") this.ring.acknowledge(message.next);
    else if (message.type === "refused") this.sentence = message.error;
    this.pump();
  }

  #begin(next) {
    const wanted = Math.max(next, this.ring.acknowledged);
    const known = this.told.reduce((sum, [from, past]) => sum + Math.max(0, past - Math.max(from, wanted)), 0);
    this.told = [[wanted, this.ring.oldest]];
    this.#away(this.ring.missing(next) - known);
    this.ring.acknowledge(next);
    this.sent = Math.max(next, this.ring.oldest);
    this.ready = true;
    this.attempt = 0;
    this.#say({ type: this.muted ? "muted" : "unmuted" }); // it may have changed while there was no line
    this.page.ready();
  }

  /**
   * The network may be gone without a word. A server that is behind acknowledges nothing new for a while
   * but still says so: that line is alive. So is one on which the oldest frame was only just sent: after
   * a computer has slept, the server's last word is old.
   */
  #check() {
    if (this.timer) return;
    const frame = this.ready ? this.ring.from(0) : undefined;
    const asked = frame && frame.sequence < this.sent ? frame.sent : 0;
    if (performance.now() - Math.max(this.heard, asked) > DEAD) this.#closed(1006);
  }

  #closed(code) {
    // The words of a refusal may arrive where the code that follows them does not.
    if (!FINAL.has(code) && !this.sentence) {
      this.#lost();
      return;
    }
    this.#end();
    this.page.refused(this.sentence || "The server no longer takes your sound.", code);
  }

  #lost() {
    if (this.over) return;
    this.#drop();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#open(), backoff(this.attempt));
    this.attempt += 1;
    this.page.lost();
  }

  #say(message) {
    this.socket.send(JSON.stringify(message));
  }

  #drop() {
    this.ready = false;
    if (!this.socket) return;
    this.socket.onopen = null;
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close();
    this.socket = undefined;
  }

  #end() {
    this.over = true;
    clearInterval(this.watch);
    clearTimeout(this.timer);
    removeEventListener("online", this.online);
    this.#drop();
  }
}
