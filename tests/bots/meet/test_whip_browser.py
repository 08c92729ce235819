"""A real browser as a WHIP client: what it offers and accepts is what counts."""

from pathlib import Path

import pytest
from aiohttp import web

from bots.meet.whip import Whip
from core.metrics import Metrics
from core.settings import Settings
from tests.bots.meet.senders import LOOPBACK, House, until, write_tone
from tests.bots.meet.test_tap import Weather
from tests.core.audio.tones import loudness
from tests.fakes.browser import CHROMIUM, FLAGS, MISSING

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.browser,
    pytest.mark.skipif(MISSING, reason="Chromium in PATH and Playwright are needed"),
]

PAGE = """<!doctype html><title>WHIP</title><script type="module">
const token = {"Authorization": "Bearer token"};
window.share = async (video) => {
  const peer = new RTCPeerConnection({bundlePolicy: "max-bundle"});
  const stream = await navigator.mediaDevices.getUserMedia({video,
    audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
  for (const track of stream.getTracks().reverse()) {
    peer.addTransceiver(track, {direction: "sendonly", streams: [stream]});
  }
  await peer.setLocalDescription();
  const response = await fetch("/whip/room", {method: "POST", body: peer.localDescription.sdp,
    headers: {...token, "Content-Type": "application/sdp"}});
  await peer.setRemoteDescription({type: "answer", sdp: await response.text()});
  window.peer = peer;
  window.session = response.headers.get("Location");
  return response.status;
};
window.stop = async () => {
  const response = await fetch(window.session, {method: "DELETE", headers: token});
  window.peer.close();
  return response.status;
};
window.stats = async () => [...(await window.peer.getStats()).values()];
</script>"""


@pytest.mark.parametrize("video", [False, True])
async def test_chromium_is_heard_through_loss(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, video: bool
) -> None:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - where it is missing, this is skipped

    weather = Weather(3, drop=0.1, swap=0.05)
    weather.over(monkeypatch)
    house = House()
    async with Whip(house, Settings(), Metrics(), addresses=LOOPBACK) as whip, async_playwright() as api:
        app = web.Application()
        app.add_routes(whip.routes())
        app.router.add_get("/", _page)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sound = write_tone(tmp_path / "tone.wav", 5.0)
        browser = await api.chromium.launch(
            executable_path=CHROMIUM,
            args=[*FLAGS, f"--use-file-for-fake-audio-capture={sound}"],
        )
        try:
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            assert await page.evaluate("video => share(video)", video) == 201
            line = house.lines[0]
            await until(lambda: line.seconds > 3.0)
            stats = await page.evaluate("stats()")
            assert await page.evaluate("stop()") == 200
        finally:
            await browser.close()
            await runner.cleanup()
    assert line.gone == 1
    assert line.gaps == []
    assert weather.dropped > 0
    codecs = [each["sdpFmtpLine"] for each in stats if each["type"] == "codec" and "opus" in each["mimeType"]]
    assert any("useinbandfec=1" in line and "maxaveragebitrate=32000" in line for line in codecs)
    pieces = [line.pcm[n : n + 3200] for n in range(16_000, len(line.pcm) - 3200, 3200)]
    assert min(loudness(piece) for piece in pieces) > 1000


async def _page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")
