import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bots.health import health_routes
from core.metrics import Metrics

HEALTHCHECK = Path(__file__).parents[2] / "config" / "healthcheck.py"


@asynccontextmanager
async def served(
    parts: Mapping[str, bool], metrics: Metrics | None = None
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app.add_routes(health_routes(lambda: parts, metrics))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_process_that_lives_says_so_even_when_it_is_not_ready() -> None:
    async with served({"engine": False}) as client:
        answer = await client.get("/healthz")
        assert answer.status == 200
        assert await answer.json() == {"alive": True}
        assert answer.headers["Cache-Control"] == "no-store"


async def test_it_is_ready_when_every_part_is() -> None:
    async with served({"engine": True, "accepting": True}) as client:
        answer = await client.get("/readyz")
        assert answer.status == 200
        assert await answer.json() == {"ready": True, "parts": {"engine": True, "accepting": True}}


async def test_it_says_which_part_is_not_ready_and_notices_when_it_is() -> None:
    parts = {"engine": False, "accepting": True}
    async with served(parts) as client:
        answer = await client.get("/readyz")
        assert answer.status == 503
        assert await answer.json() == {"ready": False, "parts": {"engine": False, "accepting": True}}
        parts["engine"] = True
        assert (await client.get("/readyz")).status == 200


@pytest.mark.real_time
async def test_metrics_are_read_as_prometheus_reads_them() -> None:
    metrics = Metrics()
    metrics.rooms.set(3)
    metrics.frames_dropped["inbox"].inc(2)
    async with served({}, metrics) as client:
        answer = await client.get("/metrics")
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        text = await answer.text()
        assert "\nspokenly_rooms 3.0\n" in text
        assert '\nspokenly_frames_dropped_total{where="inbox"} 2.0\n' in text
        newer = await client.get(
            "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        )
        assert newer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert (await newer.text()).endswith("# EOF\n")


async def test_metrics_can_be_switched_off() -> None:
    async with served({}) as client:
        assert (await client.get("/metrics")).status == 404


@pytest.mark.real_time
async def test_the_containers_health_check_tells_a_living_process_from_a_dead_one() -> None:
    async def check(port: int) -> int:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", str(HEALTHCHECK)),
            env={"SPOKENLY_PORT": str(port), "http_proxy": "http://127.0.0.1:9"},
            stderr=subprocess.DEVNULL,
        )
        return await process.wait()

    async with served({"engine": False}) as client:
        port = client.port
        assert port is not None
        assert await check(port) == 0
    assert await check(port) == 1
