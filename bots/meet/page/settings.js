// How somebody likes to read, kept in this browser.

const KEY = "spokenly.settings";
const CHOICES = {
  theme: ["system", "light", "dark"],
  contrast: ["normal", "high"],
  font: ["sans", "serif", "clear"],
  lines: ["2", "3"],
  shortcuts: ["on", "off"],
};
export const SIZES = [75, 87, 100, 115, 130, 150, 175, 200, 250, 300]; // percent

export class Settings {
  /** @param {Storage | undefined} storage */
  constructor(storage = safeStorage()) {
    this.storage = storage;
    this.listeners = [];
    this.values = { theme: "system", contrast: "normal", font: "sans", lines: "2", shortcuts: "on", size: 100, name: "" };
    const kept = this.#read();
    for (const [key, allowed] of Object.entries(CHOICES)) if (allowed.includes(kept[key])) this.values[key] = kept[key];
    if (SIZES.includes(kept.size)) this.values.size = kept.size;
    if (typeof kept.name === "string") this.values.name = kept.name.slice(0, 40);
    this.#apply();
  }

  get(key) {
    return this.values[key];
  }

  set(key, value) {
    this.values[key] = value;
    try {
      this.storage?.setItem(KEY, JSON.stringify(this.values));
    } catch {
      // A full or forbidden storage: the choice holds until the page is closed.
    }
    this.#apply();
    for (const listener of this.listeners) listener();
  }

  /** @param {1 | -1} direction */
  resize(direction) {
    const place = SIZES.indexOf(this.values.size) + direction;
    if (SIZES[place]) this.set("size", SIZES[place]);
  }

  /** @param {() => void} listener */
  onChange(listener) {
    this.listeners.push(listener);
  }

  #read() {
    try {
      return JSON.parse(this.storage?.getItem(KEY) ?? "{}") ?? {};
    } catch {
      return {}; // somebody else's value under our key
    }
  }

  #apply() {
    const root = document.documentElement;
    for (const key of ["theme", "contrast", "font"]) root.dataset[key] = this.values[key];
    root.style.setProperty("--size", String(this.values.size / 100));
  }
}

function safeStorage() {
  try {
    return window.localStorage;
  } catch {
    return undefined; // switched off in this browser
  }
}

/** Joins the settings dialog's fields to the settings. @param {HTMLFormElement} form @param {Settings} settings */
export function bind(form, settings) {
  const show = () => {
    for (const key of Object.keys(CHOICES)) {
      const field = form.elements.namedItem(key);
      if (field) field.value = settings.get(key);
    }
    const size = form.querySelector("output");
    if (size) size.value = `${settings.get("size")} %`;
  };
  form.addEventListener("change", (event) => {
    const { name, value } = /** @type {HTMLInputElement} */ (event.target);
    if (CHOICES[name]?.includes(value)) settings.set(name, value);
  });
  form.querySelector("[data-smaller]")?.addEventListener("click", () => settings.resize(-1));
  form.querySelector("[data-larger]")?.addEventListener("click", () => settings.resize(1));
  settings.onChange(show);
  show();
}
