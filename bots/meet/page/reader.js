// The captions socket: reads what was and is being said, and comes back by itself.

import { backoff } from "./backoff.js";

const DEAD = 15000; // ms without a word from the server: it says something every 5 s
const BARRED = 3; // tries that the server's pages answered, but not its socket
const STOPPING = [1001, 1012]; // the server stops, or restarts
const GONE = 4004; // no such room: final
const FULL = 4008; // too many people: until somebody goes

/** @typedef {"connecting" | "open" | "lost" | "barred" | "gone" | "full"} ReaderState */

export class Reader {
  /**
   * @param {string} address of the call: /api/rooms/…
   * @param {{have: () => number, message: (board: object) => void, over?: (why: string) => void,
   *   state: (state: ReaderState) => void}} page
   *   `have`: entries it has already; `message`: takes a board; `over`: is told why nothing more comes.
   */
  constructor(address, page) {
    this.address = address;
    this.page = page;
    this.attempt = 0;
    this.barred = 0;
    this.stopping = false; // the server said that it stops
    this.heard = 0; // performance.now() of the last message
    this.timer = 0;
    /** @type {ReaderState} */
    this.state = "connecting";
    setInterval(() => this.#check(), 2500);
    addEventListener("online", () => this.retry());
    addEventListener("pageshow", () => this.#wake());
    document.addEventListener("visibilitychange", () => this.#wake());
    this.#open();
  }

  /** Tries again at once. */
  retry() {
    if (!["lost", "barred", "full"].includes(this.state)) return;
    this.attempt = 0;
    this.#open();
  }

  #open() {
    clearTimeout(this.timer);
    this.#drop();
    const address = new URL(`${this.address}/captions?after=${this.page.have()}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.socket = socket;
    this.heard = performance.now();
    socket.onmessage = (event) => this.#message(event);
    socket.onclose = (event) => this.#lost(event.code);
  }

  #message(event) {
    this.heard = performance.now();
    const message = JSON.parse(event.data);
    if (message.type === "over") this.page.over?.(message.text);
    if (message.type !== "board") return;
    this.attempt = 0;
    this.barred = 0;
    this.#become("open");
    this.page.message(message);
  }

  /** A line that is silently dead (a laptop that slept) never says that it closed. */
  #check() {
    if (this.socket && performance.now() - this.heard > DEAD) this.#lost(0);
  }

  #wake() {
    if (document.visibilityState !== "visible") return;
    this.#check();
    this.retry();
  }

  #lost(code) {
    this.#drop();
    if (code === GONE) {
      this.#become("gone");
      return;
    }
    if (code) this.stopping = STOPPING.includes(code) || (this.stopping && code === 1006);
    if (code === FULL) this.barred = 0; // its socket does answer
    this.#become(code === FULL ? "full" : this.barred < BARRED ? "lost" : "barred");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#again(), backoff(this.attempt));
    this.attempt += 1;
  }

  /** A refused upgrade looks like a broken line: only the room's own address tells that it is gone. */
  async #again() {
    this.timer = 0;
    try {
      const answer = await fetch(this.address, { cache: "no-store" });
      if (answer.status === 404) {
        this.#become("gone");
        return;
      }
      this.barred = answer.ok ? this.barred + 1 : 0;
    } catch {
      this.barred = 0; // no network: opening the socket fails as well, and waits longer
    }
    if (!this.socket) this.#open();
  }

  #drop() {
    if (!this.socket) return;
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close();
    this.socket = undefined;
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.page.state(state);
  }
}
