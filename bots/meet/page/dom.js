// Small words for the page's own elements. Text goes in as text, never as HTML.

import { pieces } from "./marks.js";

/** @param {string} id @returns {any} */
export const $ = (id) => document.getElementById(id);

/**
 * @param {string} tag
 * @param {string} className
 * @param {...(Node | string)} children
 */
export function element(tag, className = "", ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** Writes only what differs, so that screen readers and layout are left in peace. @param {Node} node @param {string} text */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Text that people said or typed: apart from what stands around it, in its own direction. */
export function spoken(text, marks = []) {
  const parts = pieces(text, marks).map((piece) => (piece.marked ? element("mark", "", piece.text) : piece.text));
  const made = element("p", "said", ...parts);
  made.dir = "auto";
  return made;
}

/** @param {Date} moment @param {string} text */
export function timeElement(moment, text) {
  const made = element("time", "", text);
  if (!Number.isNaN(moment.getTime())) made.dateTime = moment.toISOString();
  return made;
}

/** A link. @param {string} address @param {string} className @param {...(Node | string)} children */
export function anchor(address, className, ...children) {
  const made = element("a", className, ...children);
  made.href = address;
  return made;
}

/** Says it on the button for a moment. @param {HTMLElement} button @param {string} text */
export async function copy(button, text) {
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  write(button, (await toClipboard(text)) ? "Copied" : "Copying failed");
  setTimeout(() => write(button, label), 2000);
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without HTTPS there is no clipboard API; a selected field still copies.
    const field = element("textarea", "offscreen");
    field.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  }
}
