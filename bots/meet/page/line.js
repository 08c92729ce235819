// The audio socket: sends frames, keeps what is not acknowledged, and after a break sends it again.

import { backoff } from "./backoff.js";
import { FRAME, RATE } from "./ring.js";

const AHEAD = 262144; // bytes that may wait in the browser; the rest waits in the ring
const DEAD = 10000; // ms that a frame may wait for its acknowledgement
const FINAL = new Set([4000, 4001, 4003, 4004, 4008, 4009]);

export class Line {
  /**
   * @param {object} share
   * @param {string} share.room
   * @param {string} share.token
   * @param {string} share.source
   * @param {string} share.mark  new for each share, the same for its reconnections
   * @param {import("./ring.js").Ring} share.ring
   * @param {{ready: () => void, lost: () => void, thrownAway: (seconds: number) => void,
   *   refused: (sentence: string, code: number) => void}} page
   */
  constructor(share, page) {
    this.share = share;
    this.ring = share.ring;
    this.page = page;
    this.attempt = 0;
    this.sent = 0; // the sequence number to send next
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
      this.socket.send(frame.bytes);
      this.sent = frame.sequence + 1;
    }
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
    const { token, source, mark } = this.share;
    this.socket.onopen = () => this.#say({ type: "hello", token, source, share: mark });
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
    const missing = this.ring.missing(next);
    if (missing) this.page.thrownAway((missing * FRAME) / RATE);
    this.ring.acknowledge(next);
    this.sent = Math.max(next, this.ring.oldest);
    this.ready = true;
    this.attempt = 0;
    if (this.muted) this.#say({ type: "muted" });
    this.page.ready();
  }

  /** The network may be gone without a word: then acknowledgements stay away. */
  #check() {
    const waiting = this.ready ? this.ring.oldest < this.sent : !this.timer;
    if (waiting && performance.now() - this.heard > DEAD) this.#lost();
  }

  #closed(code) {
    if (!FINAL.has(code)) {
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
