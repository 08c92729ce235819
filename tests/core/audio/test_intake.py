import asyncio

from core.audio.frame import RATE, WIDTH, Frame, Lost, Speaker
from core.audio.intake import Intake
from core.audio.tape import Tape
from core.metrics import Metrics

ANN = Speaker("a", "Ann")


def second(at: float) -> Frame:
    return Frame(ANN, at, bytes(RATE * WIDTH))


async def test_while_nobody_listens_all_is_kept_and_while_somebody_does_nothing_is_taken_from_them() -> None:
    lost: list[Lost] = []
    intake = Intake(ANN, Tape(ANN), lost.append, Metrics())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(intake.run())
        intake.put(second(0))
        assert await intake.sound()
        assert intake.tape.seconds == 0
        intake.keep()
        for n in range(1, 40):
            intake.put(second(n))
            await asyncio.sleep(1)
        assert (intake.tape.seconds, intake.waiting, lost) == (40, 40, [])
        intake.leave()
        intake.put(second(40))
        await asyncio.sleep(1)
        assert intake.tape.seconds == 40
        assert await intake.take() == second(40)
        running.cancel()


async def test_losses_alone_are_told_of_and_are_no_sound() -> None:
    lost: list[Lost] = []
    intake = Intake(ANN, Tape(ANN), lost.append, Metrics())
    intake.put(Lost(ANN, 0, 1))
    intake.close()
    assert not await intake.sound()
    assert lost == [Lost(ANN, 0, 1)]


async def test_what_nobody_will_hear_is_one_loss() -> None:
    lost: list[Lost] = []
    intake = Intake(ANN, Tape(ANN), lost.append, Metrics())
    intake.write(second(3))
    for n in (4, 5, 9):
        intake.put(second(n))
    intake.close()
    await intake.swallow()
    assert lost == [Lost(ANN, 3, 10)]
    assert intake.drain() is None


def test_what_a_full_tape_forgets_bit_by_bit_is_one_loss() -> None:
    lost: list[Lost] = []
    intake = Intake(ANN, Tape(ANN, limit=20), lost.append, Metrics())
    for n in range(60):
        intake.write(second(n))
    assert lost == []
    intake.tell()
    (loss,) = lost
    assert (loss.start, loss.end) == (0, intake.tape.start)
    intake.give_up(Lost(ANN, 100, 101))
    intake.give_up(Lost(ANN, 110, 111))
    assert lost[1:] == [Lost(ANN, 100, 101)]
    intake.tell()
    intake.tell()
    assert lost[2:] == [Lost(ANN, 110, 111)]
