// A line that can be put right: what was heard stays beside what stands now.

import { ask, Refusal } from "./api.js";
import { $, element, spoken, write } from "./dom.js";

const LONGEST = 2000; // characters of a line

export class Correction {
  /**
   * @param {string} key of the call
   * @param {import("./transcript.js").Entry} entry
   * @param {boolean} allowed
   * @param {() => string} token
   */
  constructor(key, entry, allowed, token) {
    this.address = `/api/records/${encodeURIComponent(key)}/lines/${Number(entry.number)}`;
    this.entry = entry;
    this.allowed = allowed;
    this.token = token;
    this.words = element("div", "words");
    this.form = null;
    this.nodes = [this.words];
    if (allowed) this.nodes.push((this.button = this.#correct()));
    this.#show();
  }

  /** @param {"correct" | "cancel" | "back"} what */
  act(what) {
    if (what === "correct") this.#edit();
    else if (what === "cancel") this.#close();
    else if (what === "back") this.#send(null);
  }

  #correct() {
    const button = element("button", "correct", element("span", "", "Correct"));
    button.type = "button";
    button.dataset.act = "correct";
    button.setAttribute("aria-describedby", `said-${Number(this.entry.number)}`);
    return button;
  }

  #show() {
    const said = spoken(this.entry.text);
    said.id = `said-${Number(this.entry.number)}`;
    this.words.replaceChildren(said);
    if (this.entry.heard !== undefined && this.entry.heard !== null) this.words.append(this.#heard());
  }

  #heard() {
    const heard = element("q", "", this.entry.heard);
    heard.dir = "auto";
    const told = element("p", "", "Heard as ", heard);
    const made = element("details", "heard", element("summary", "", "corrected"), told);
    if (this.allowed) {
      const back = element("button", "small", "Take the correction back");
      back.type = "button";
      back.dataset.act = "back";
      made.append(back, element("p", "error"));
    }
    return made;
  }

  #edit() {
    if (this.form) return;
    const number = Number(this.entry.number);
    const field = element("textarea", "");
    field.value = this.entry.text;
    field.maxLength = LONGEST;
    field.dir = "auto";
    field.rows = Math.min(8, 1 + Math.ceil(this.entry.text.length / 50));
    field.ariaLabel = `What ${this.entry.name} said`;
    field.setAttribute("aria-describedby", `wrong-${number}`);
    field.addEventListener("keydown", (event) => this.#key(event));
    const save = element("button", "primary small", "Save");
    const cancel = element("button", "small", "Cancel");
    cancel.type = "button";
    cancel.dataset.act = "cancel";
    const wrong = element("p", "error");
    wrong.id = `wrong-${number}`;
    wrong.role = "alert";
    this.form = element("form", "correction", field, wrong, element("p", "choices", save, cancel));
    this.form.noValidate = true;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(field.value);
    });
    for (const part of this.words.children) part.hidden = true;
    this.words.append(this.form);
    this.button.hidden = true;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  /** A line is one line: Enter saves it, Escape leaves it as it was. */
  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") this.#close();
    else if (event.key === "Enter") this.form.requestSubmit();
    else return;
    event.preventDefault();
  }

  #save(value) {
    const text = value.replace(/\s+/gu, " ").trim();
    if (text === this.entry.text) this.#close();
    else if (text) this.#send(text);
    else this.#wrong("A line needs words. To take them out altogether, ask whoever said them to choose “Forget me”.");
  }

  /** @param {string | null} text null takes the correction back */
  async #send(text) {
    const buttons = [...this.words.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    try {
      const line = await ask(this.address, { method: "PATCH", body: { text }, token: this.token() });
      const { mine } = this.entry;
      this.entry = { ...line, mine: line.mine ?? mine };
      this.#close();
      write($("told"), text === null ? "The correction was taken back." : "The line was corrected.");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      for (const button of buttons) button.disabled = false;
      this.#wrong(error.message);
    }
  }

  #wrong(sentence) {
    write((this.form ?? this.words).querySelector(".error"), sentence);
    this.form?.querySelector("textarea").focus();
  }

  #close() {
    this.form = null;
    this.#show();
    this.button.hidden = false;
    this.button.focus();
  }
}
