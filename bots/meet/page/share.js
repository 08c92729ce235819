// The dialog that asks what to share.

import { microphones, NoSound, tabsHaveSound } from "./capture.js";
import { $, copy, element, write } from "./dom.js";
import { register } from "./person.js";
import { INSECURE } from "./words.js";

export class ShareDialog {
  /**
   * @param {string} room
   * @param {import("./voice.js").Voice} voice
   * @param {import("./settings.js").Settings} settings
   * @param {import("./passes.js").Pass} pass
   */
  constructor(room, voice, settings, pass) {
    this.pass = pass;
    this.room = room;
    this.voice = voice;
    this.settings = settings;
    this.dialog = $("share");
    this.form = $("share-form");
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.form.addEventListener("change", () => this.#fit());
    $("whip-make").addEventListener("click", () => this.#whip());
    for (const field of ["whip-address", "whip-token"]) {
      $(`${field}-copy`).addEventListener("click", (event) => copy(event.currentTarget, $(field).value));
    }
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#devices());
  }

  open() {
    this.#introduce();
    this.#offer();
    this.#say("");
    this.#devices();
    this.#fit();
    this.dialog.showModal();
  }

  /** The name on a pass is not for the page to change. */
  #introduce() {
    const field = this.form.elements.namedItem("name");
    field.value = this.pass.name || this.settings.get("name");
    field.readOnly = Boolean(this.pass.name);
    $("share-known").hidden = !this.pass.name;
  }

  /** Says in words what this browser can't do. */
  #offer() {
    const secure = window.isSecureContext;
    const tab = secure && tabsHaveSound();
    this.#radio("microphone").disabled = !secure;
    this.#radio("sample").disabled = !secure;
    this.#radio("tab").disabled = !tab;
    write($("share-insecure"), secure ? "" : INSECURE);
    $("share-tab-hint").hidden = tab;
    $("share-go").disabled = !secure;
    if (this.#radio("tab").checked && !tab) this.#radio("microphone").checked = true;
  }

  #radio(value) {
    return this.form.querySelector(`input[name="source"][value="${value}"]`);
  }

  #fit() {
    const source = this.form.elements.namedItem("source").value;
    $("share-device-field").hidden = source !== "microphone";
    $("share-audible-field").hidden = source !== "sample";
  }

  async #devices() {
    const select = $("share-device");
    const chosen = select.value;
    const found = await microphones();
    const options = [element("option", "", "The usual microphone")];
    options[0].value = "";
    for (const device of found) {
      if (!device.label || device.deviceId === "default" || device.deviceId === "communications") continue;
      const option = element("option", "", device.label);
      option.value = device.deviceId;
      options.push(option);
    }
    select.replaceChildren(...options);
    if (options.some((option) => option.value === chosen)) select.value = chosen;
  }

  async #submit(event) {
    event.preventDefault();
    const wish = this.#wish();
    if (!wish) return;
    $("share-go").disabled = true;
    this.#say("");
    try {
      await this.voice.start(wish);
      this.dialog.close();
      $("mute").focus();
    } catch (error) {
      if (!(error instanceof NoSound)) throw error;
      this.#say(error.message);
      await this.pass.check(); // it may have been too old by now
      this.#introduce();
    } finally {
      $("share-go").disabled = false;
    }
  }

  #wish() {
    const fields = this.form.elements;
    const name = this.#name();
    if (!name) return null;
    return {
      name,
      source: fields.namedItem("source").value,
      device: $("share-device").value,
      audible: fields.namedItem("audible").checked,
    };
  }

  #name() {
    const field = this.form.elements.namedItem("name");
    const name = field.value.trim();
    if (!name) {
      this.#say("Your name, please: it stands beside what you say.");
      field.focus();
      return "";
    }
    if (!this.pass.name) this.settings.set("name", name);
    return name;
  }

  /** An address and a token for OBS and other apps; they stay valid when this page is closed. */
  async #whip() {
    const name = this.#name();
    if (!name) return;
    try {
      const person = await register(this.room, name, this.voice.page.me(), this.pass.text);
      $("whip-address").value = new URL(person.whip, location.href).href;
      $("whip-token").value = person.token;
      write($("whip-name"), person.name);
      $("whip-made").hidden = false;
      $("whip-make").hidden = true;
      $("whip-address").focus();
      this.#say("");
    } catch (error) {
      if (!(error instanceof NoSound)) throw error;
      this.#say(error.message);
    }
  }

  #say(sentence) {
    write($("share-error"), sentence);
  }
}
