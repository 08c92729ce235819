import asyncio

from hypothesis import given
from hypothesis import strategies as st

from core.audio.frame import RATE, WIDTH, Frame, Lost, Speaker
from core.audio.inbox import Inbox

ANN = Speaker("a", "Ann")


def frame(at: float, seconds: float) -> Frame:
    return Frame(ANN, at, bytes(round(seconds * RATE) * WIDTH))


async def everything(inbox: Inbox) -> list[Frame | Lost]:
    inbox.close()
    taken = []
    while (item := await inbox.take()) is not None:
        taken.append(item)
    return taken


async def test_frames_come_out_as_they_went_in() -> None:
    inbox = Inbox(limit=1.0)
    frames = [frame(n * 0.1, 0.1) for n in range(10)]
    for one in frames:
        inbox.put(one)
    assert await everything(inbox) == frames
    assert inbox.dropped == 0
    assert await inbox.take() is None
    assert not await inbox.waiting()


@given(st.lists(st.sampled_from([0.02, 0.04, 0.5, 1.5]), max_size=60), st.sampled_from([0.02, 1.0, 2.0]))
def test_the_newest_are_kept_and_every_dropped_second_is_told(lengths: list[float], limit: float) -> None:
    async def check() -> None:
        inbox = Inbox(limit)
        at = 0.0
        for length in lengths:
            inbox.put(frame(at, length))
            at += length
            assert inbox.seconds <= limit + 1e-6 or inbox.seconds <= length + 1e-6
        items = await everything(inbox)
        kept = [item for item in items if isinstance(item, Frame)]
        lost = [item for item in items if isinstance(item, Lost)]
        assert len(lost) <= 1
        assert (
            sum(f.seconds for f in kept) + inbox.dropped == sum(lengths)
            or abs(sum(f.seconds for f in kept) + inbox.dropped - sum(lengths)) < 1e-6
        )
        if lost:
            assert items[0] is lost[0]
            assert abs(lost[0].end - lost[0].start - inbox.dropped) < 1e-6
            assert kept
            assert abs(lost[0].end - kept[0].at) < 1e-6

    asyncio.run(check())


async def test_a_taker_waits_for_the_first_frame_and_cancelling_it_loses_nothing() -> None:
    inbox = Inbox()
    async with asyncio.TaskGroup() as tasks:
        taker = tasks.create_task(inbox.take())
        await asyncio.sleep(1)
        taker.cancel()
        await asyncio.sleep(0)
        inbox.put(frame(0, 0.02))
    assert await inbox.waiting()
    assert isinstance(await inbox.take(), Frame)


async def test_reported_losses_alone_do_not_fill_the_inbox() -> None:
    inbox = Inbox()
    for n in range(1000):
        inbox.put(Lost(ANN, n, n + 1))
    assert await everything(inbox) == [Lost(ANN, 0, 1000)]


async def test_what_comes_after_the_end_is_ignored() -> None:
    inbox = Inbox()
    inbox.close()
    inbox.put(frame(0, 0.02))
    assert await inbox.take() is None


def test_what_waits_can_be_had_without_waiting() -> None:
    inbox = Inbox()
    assert inbox.pop() is None
    inbox.put(Lost(ANN, 1.0, 2.0))
    assert inbox.loss
    assert inbox.pop() == Lost(ANN, 1.0, 2.0)
    assert not inbox.loss
