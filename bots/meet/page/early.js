// Before the first paint: the reader's own theme and sizes, so that nothing flashes.
(() => {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("spokenly.settings")) ?? {};
  } catch {
    // Storage is switched off or holds something else: the defaults stand.
  }
  const root = document.documentElement;
  for (const key of ["theme", "contrast", "font"]) {
    if (typeof kept[key] === "string") root.dataset[key] = kept[key];
  }
  if (Number.isFinite(kept.size)) root.style.setProperty("--size", String(kept.size / 100));
})();
