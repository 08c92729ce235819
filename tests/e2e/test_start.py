"""How it starts, and what it says when it can't."""

import asyncio
import os
import socket
import ssl
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.bots.meet.ffmpeg_whip import certificate
from tests.e2e.spoken import ROOT, spokenly

pytestmark = pytest.mark.real_time


async def run(**settings: str) -> tuple[int, str]:
    """`spokenly run` that is expected to end by itself: its exit code and everything it said."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SPOKENLY_")}
    environment |= {f"SPOKENLY_{key.upper()}": value for key, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bots", "run"),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_it_says_where_it_is_what_it_hears_and_who_can_come() -> None:
    async with spokenly() as server:
        async with server.client.get(f"{server.url}/readyz") as answer:
            assert await answer.json() == {"ready": True, "parts": {"engine": True, "accepting": True}}
        async with server.client.get(f"{server.url}/sample.wav") as answer:
            assert answer.status == 200
        async with server.client.get(f"{server.url}/metrics") as answer:
            metrics = await answer.text()
            assert "spokenly_rooms 0.0" in metrics
            assert 'spokenly_decode_queue{priority="final"} 0.0' in metrics
    assert "Moonshine" in server.said
    assert "Only English is heard here." in server.said
    assert "Only this machine can open it." in server.said


async def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, said = await run(port=str(other.getsockname()[1]))
    assert code == 1
    assert "SPOKENLY_PORT" in said
    assert "Traceback" not in said


async def test_a_language_that_the_built_in_engine_does_not_hear_is_one_sentence() -> None:
    code, said = await run(port="0", language="de")
    assert code == 1
    assert said.startswith("The built-in engine hears English only. For de, name")
    assert "Traceback" not in said


async def test_a_model_directory_that_holds_no_model_is_one_sentence(tmp_path: Path) -> None:
    code, said = await run(port="0", model_dir=str(tmp_path))
    assert code == 1
    assert len(said.strip().splitlines()) == 1


async def test_bad_settings_are_one_line_each_and_an_exit_code_of_their_own() -> None:
    code, said = await run(port="eighty", workers="0")
    assert code == 78
    assert [line.split()[0].rstrip(":") for line in said.strip().splitlines()] == [
        "SPOKENLY_PORT",
        "SPOKENLY_WORKERS",
    ]


async def test_with_a_certificate_it_speaks_https(tmp_path: Path) -> None:
    cert, key = await asyncio.to_thread(certificate, tmp_path)
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE  # self-signed, on loopback
    async with spokenly(tls_cert=str(cert), tls_key=str(key)) as server:
        assert server.url.startswith("https://")
        connector = aiohttp.TCPConnector(ssl=trust)
        async with (
            aiohttp.ClientSession(connector=connector) as client,
            client.get(f"{server.url}/healthz") as answer,
        ):
            assert answer.status == 200


async def test_a_certificate_that_can_not_be_used_is_one_sentence(tmp_path: Path) -> None:
    code, said = await run(port="0", tls_cert=str(tmp_path / "nothing.pem"))
    assert code == 1
    assert "certificate" in said
    assert "Traceback" not in said
