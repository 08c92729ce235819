// What is kept of whoever speaks from this browser: to see, to take along, to take back.

import { ask, askFile, Refusal } from "./api.js";
import { $, element, write } from "./dom.js";
import { me } from "./keys.js";
import { counted, listed } from "./words.js";

export class Mine {
  /** @param {{changed: () => void}} page `changed`: lines have been deleted */
  constructor(page) {
    this.page = page;
    $("mine-save").addEventListener("click", () => this.#save());
    $("mine-forget").addEventListener("click", () => this.#ask());
    $("forget-go").addEventListener("click", () => this.#forget());
  }

  /** Says what is kept. @returns {Promise<{names: string[], calls: number, lines: number} | null>} */
  async look() {
    write($("mine-error"), "");
    const kept = await this.#kept();
    $("mine-actions").hidden = !kept?.lines;
    if (kept?.lines) {
      const names = element("bdi", "", listed(kept.names));
      $("mine-what").replaceChildren(`${counted(kept.lines, "line")} in ${counted(kept.calls, "call")}, spoken as `, names, ".");
    } else if (kept) write($("mine-what"), "Nothing that was said from this browser is kept.");
    else write($("mine-what"), "");
    return kept;
  }

  async #kept() {
    const nothing = { names: [], calls: 0, lines: 0 };
    if (!me()) return nothing;
    try {
      return await ask("/api/me", { token: me() });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if ([401, 404].includes(error.status)) return nothing; // nobody has spoken with this secret
      write($("mine-error"), error.message);
      return null;
    }
  }

  async #save() {
    write($("mine-error"), "");
    try {
      const file = await askFile("/api/me/said.json", me());
      const link = element("a", "");
      link.href = URL.createObjectURL(file);
      link.download = "said.json";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      write($("mine-error"), error.message);
    }
  }

  /** The dialog says how much it is now, not when the page was opened. */
  async #ask() {
    const kept = await this.look();
    if (!kept?.lines) return;
    write($("forget-error"), "");
    const what = `${counted(kept.lines, "line")} in ${counted(kept.calls, "call")}`;
    write($("forget-what"), `${what} will be deleted.`);
    write($("forget-go"), `Delete ${counted(kept.lines, "line")}`);
    $("forget").showModal();
  }

  async #forget() {
    $("forget-go").disabled = true;
    try {
      const gone = await ask("/api/me/lines", { method: "DELETE", token: me() });
      $("forget").close();
      await this.look();
      write($("mine-state"), `Deleted: ${counted(gone.lines, "line")} in ${counted(gone.calls, "call")}.`);
      this.page.changed();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      write($("forget-error"), error.message);
    } finally {
      $("forget-go").disabled = false;
    }
  }
}
