"""A browser reads our WebVTT as we meant it."""

from typing import Any

from core.record.files.formats import FORMATS
from tests.core.record.files.talk import HEADING, RICH, at_once, plain, said
from tests.fakes.browser import chromium, needs_browser

pytestmark = needs_browser


READ = """async (content) => {
  const video = document.body.appendChild(document.createElement("video"));
  const track = video.appendChild(document.createElement("track"));
  track.src = URL.createObjectURL(new Blob([content], {type: "text/vtt"}));
  track.track.mode = "hidden";
  await new Promise((done, failed) => { track.onload = done; track.onerror = failed; });
  return [...track.track.cues].map((cue) => {
    const shown = cue.getCueAsHTML();
    const voice = shown.firstChild?.title ?? null;
    return {start: cue.startTime, end: cue.endTime, line: cue.line, snap: cue.snapToLines, voice,
      tags: [...shown.querySelectorAll("*")].map((each) => each.tagName), text: shown.textContent};
  });
}"""


async def test_chromium_reads_the_rich_call_as_it_was_meant() -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        cues: list[dict[str, Any]] = await page.evaluate(
            READ, at_once(FORMATS["vtt"], HEADING, RICH).decode()
        )
    words: dict[str, str] = {}
    for cue in cues:
        if cue["voice"]:
            name = plain(cue["voice"])
            words[name] = words.get(name, "") + plain(cue["text"])
    assert words == said(RICH)
    assert all(cue["tags"] in (["SPAN"], ["I"]) for cue in cues)
    assert all(cue["snap"] for cue in cues)
    assert [(cue["start"], cue["line"]) for cue in cues][:5] == [
        (1, "auto"),
        (3.5, "auto"),
        (4.25, -3),
        (4.5, -5),
        (7, "auto"),
    ]
