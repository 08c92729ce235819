"""House rules for every test: one clock, no network beyond loopback, no leaked task, no blocking call."""

import asyncio
import gc
import ipaddress
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import pytest_asyncio
from blockbuster import BlockBuster

from tests.clock import VirtualLoop

if TYPE_CHECKING:
    from tests.fakes.postgres import Postgres

ROOT = Path(__file__).parent.parent

# A busy machine is no failure: timing is measured in benchmarks, never asserted in a test.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("real_time"):
        return {"real": asyncio.new_event_loop}
    return {"virtual": VirtualLoop}


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: the garbage collector need not go through them again and again."""
    gc.collect()
    gc.freeze()


def _loopback(host: object) -> bool:
    if not isinstance(host, str):
        return True  # a Unix socket, or a netlink address
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Nothing in the tests reaches beyond loopback; addresses of this machine count as loopback."""
    patch = pytest.MonkeyPatch()
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def allowed(address: object) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if not _loopback(host):
            raise AssertionError(f"a test tried to reach {host}")

    def guarded(self: socket.socket, address: object) -> None:
        allowed(address)
        connect(self, address)  # type: ignore[arg-type]  # passed on as it came

    def guarded_ex(self: socket.socket, address: object) -> int:
        allowed(address)
        return connect_ex(self, address)  # type: ignore[arg-type]  # passed on as it came

    patch.setattr(socket.socket, "connect", guarded)
    patch.setattr(socket.socket, "connect_ex", guarded_ex)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's own environment must not change what the tests see."""
    import os  # noqa: PLC0415 - only this fixture needs it

    for name in list(os.environ):
        if name.startswith(("SPOKENLY_", "SENTRY_", "DEEPGRAM_", "DISCORD_")):
            monkeypatch.delenv(name)
    # Nor may a test write into the developer's own records.
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest_asyncio.fixture(autouse=True)
async def _clean_loop() -> AsyncIterator[None]:
    """Fails the test that leaves a task or a thread behind, or blocks the loop from our own code."""
    threads = set(threading.enumerate())
    detector = BlockBuster(scanned_modules=["core", "bots"])
    for function in detector.functions.values():
        # Before anybody is served, files may be looked for.
        function.can_block_in("bots/app.py", "spokenly")
        # A command serves nobody else while it opens a file.
        function.can_block_in("bots/transcribe.py", "_output")
        # It looks whether the home directory has a password or certificates for the server.
        function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
    detector.activate()
    try:
        yield
    finally:
        detector.deactivate()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and not task.done()]
    assert not left, f"tasks left behind: {left}"
    new = [t for t in threading.enumerate() if t not in threads and not t.daemon and "asyncio" not in t.name]
    assert not new, f"threads left behind: {new}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator["Postgres"]:
    """One server for all tests of a process; whoever stops it starts it again."""
    from tests.fakes.postgres import postgres  # noqa: PLC0415 - few tests need it, and it loads the record

    with postgres() as server:
        yield server
