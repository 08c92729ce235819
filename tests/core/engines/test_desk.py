"""Who is served first, and what is left undone."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.engines.desk import Decoded, Desk, Urgency, Work
from core.metrics import Metrics

pytestmark = pytest.mark.real_time


class Slow:
    """Decodes nothing until it is let; says what it was given: the first sample."""

    name = "Slow"
    languages: frozenset[str] | None = None
    step = 0.5
    context = 14.0

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)
        self.order: list[int] = []
        self.at_once = self.most = 0
        self.lock = threading.Lock()

    def decode(
        self,
        pcm: NDArray[np.float32],
        draft: Sequence[int] = (),
        *,
        fixed: int = 0,
        fresh: bool = False,
        language: str = "en",
        before: Sequence[int] = (),
    ) -> Decoded:
        with self.lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.order.append(round(float(pcm[0]) * 32768))
        if not self.go.acquire(timeout=10):
            raise TimeoutError
        with self.lock:
            self.at_once -= 1
        return Decoded("", (), (), (), None)


def work(owner: str, urgency: Urgency, mark: int, done: list[int] | None = None) -> Work:
    def told(_: Decoded) -> None:
        if done is not None:
            done.append(mark)

    pcm = np.array([mark], "<i2").tobytes()
    return Work(owner, urgency, pcm, (), 0, "en", told, lambda: None)


async def until(check: object) -> None:
    assert callable(check)
    async with asyncio.timeout(10):
        while not check():  # noqa: ASYNC110 - what is waited for happens in threads
            await asyncio.sleep(0.002)


async def test_finals_go_first_then_candidates_then_interims_oldest_first() -> None:
    slow = Slow()
    done: list[int] = []
    async with Desk(slow, 1) as desk:
        desk.ask(work("x", Urgency.INTERIM, 1, done))
        await until(lambda: slow.order == [1])
        desk.ask(work("a", Urgency.INTERIM, 2, done))
        desk.ask(work("b", Urgency.CANDIDATE, 3, done))
        desk.ask(work("c", Urgency.CANDIDATE, 4, done))
        desk.ask(work("d", Urgency.FINAL, 5, done))
        desk.ask(work("e", Urgency.INTERIM, 6, done))
        slow.go.release(6)
        await until(lambda: len(done) == 6)
    assert done == [1, 5, 3, 4, 2, 6]
    assert desk.decoded == 6


async def test_newer_audio_replaces_what_waits_and_keeps_its_place() -> None:
    slow, metrics = Slow(), Metrics()
    async with Desk(slow, 1, metrics) as desk:
        desk.ask(work("x", Urgency.INTERIM, 1))
        await until(lambda: slow.order == [1])
        desk.ask(work("a", Urgency.INTERIM, 2))
        desk.ask(work("b", Urgency.INTERIM, 3))
        desk.ask(work("a", Urgency.INTERIM, 4))
        assert desk.waiting == 2
        queue = {"priority": "interim"}
        assert metrics.registry.get_sample_value("spokenly_decode_queue", queue) == 2
        slow.go.release(3)
        await until(lambda: desk.decoded == 3)
    assert slow.order == [1, 4, 3]
    assert desk.dropped == 1
    assert metrics.registry.get_sample_value("spokenly_decodes_dropped_total") == 1


async def test_no_more_threads_than_workers() -> None:
    slow = Slow()
    async with Desk(slow, 2) as desk:
        for mark in range(6):
            desk.ask(work(f"stream {mark}", Urgency.FINAL, mark))
        await until(lambda: len(slow.order) == 2)
        slow.go.release(6)
        await until(lambda: desk.decoded == 6)
    assert slow.most == 2


async def test_what_is_forgotten_is_not_done() -> None:
    slow = Slow()
    async with Desk(slow, 1) as desk:
        desk.ask(work("x", Urgency.FINAL, 1))
        await until(lambda: slow.order == [1])
        desk.ask(work("a", Urgency.INTERIM, 2))
        desk.ask(work("a", Urgency.FINAL, 3))
        desk.ask(work("b", Urgency.FINAL, 4))
        assert desk.forget("a", Urgency.INTERIM)
        assert not desk.forget("a", Urgency.INTERIM)
        assert desk.forget("a")
        slow.go.release(2)
        await until(lambda: desk.decoded == 2)
    assert slow.order == [1, 4]


async def test_leaving_waits_for_the_threads_and_drops_the_rest() -> None:
    slow = Slow()
    done: list[int] = []
    threads = threading.active_count()
    async with Desk(slow, 1) as desk:
        desk.ask(work("x", Urgency.FINAL, 1, done))
        desk.ask(work("y", Urgency.FINAL, 2, done))
        await until(lambda: slow.order == [1])
        slow.go.release(1)
    assert slow.order == [1]
    assert desk.waiting == 0
    await until(lambda: threading.active_count() <= threads + 1)


async def test_a_bug_over_one_streams_audio_is_loud_and_ends_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Slow):
        def decode(self, pcm: NDArray[np.float32], *args: Any, **kwargs: Any) -> Decoded:
            if round(float(pcm[0]) * 32768) == 1:
                raise ZeroDivisionError
            return super().decode(pcm, *args, **kwargs)

    broken, failed, done = Broken(), list[str](), list[int]()
    async with Desk(broken, 1) as desk:
        broken.go.release(2)
        desk.ask(replace(work("x", Urgency.FINAL, 1), failed=lambda: failed.append("x")))
        desk.ask(work("y", Urgency.FINAL, 2, done))
        await until(lambda: bool(done))
    assert (failed, done) == (["x"], [2])
    assert [record.message for record in caplog.records] == ["decode.bug"]


async def test_an_error_of_the_body_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with Desk(Slow(), 1):
            raise KeyError
