// Keeps the screen on while there is something to read. Browsers take the lock away from hidden pages.

let wanted = false;
let lock = null;
let asking = false;
let denied = false; // not asked again before the page is shown anew

/** @param {boolean} wish */
export function keepAwake(wish) {
  wanted = wish;
  hold();
}

async function hold() {
  if (!wanted) {
    lock?.release();
    lock = null;
    return;
  }
  if (lock || asking || denied || !navigator.wakeLock || document.visibilityState !== "visible") return;
  asking = true;
  try {
    lock = await navigator.wakeLock.request("screen");
    lock.addEventListener("release", () => {
      lock = null;
    });
  } catch {
    // Saving power, or not allowed here: the screen goes dark as it always does.
    denied = true;
  }
  asking = false;
}

document.addEventListener("visibilitychange", () => {
  denied = false;
  hold();
});
