"""The story of an utterance, step by step: what is asked of the desk, and what becomes of the answers."""

from core.audio.frame import RATE
from core.engines.desk import Decoded, Decoder, Desk, Urgency, Work
from core.engines.protocol import Hypothesis
from core.engines.recognition import LocalRecognition
from core.engines.segments import Rules
from core.engines.silero import FRAME, FRAME_BYTES


class Model:
    """Never asked itself: the tests answer for it."""

    name = "Model"
    languages: frozenset[str] | None = None
    step = 0.5
    context = 14.0

    def decode(self, *_: object, **__: object) -> Decoded:
        raise AssertionError


class Table(Desk):
    """A desk where work lies until the test does it."""

    def __init__(self) -> None:
        super().__init__(Model(), 1)
        self.asked: list[Work] = []

    def ask(self, work: Work) -> None:
        super().ask(work)
        self.asked.append(work)

    def answer(self, text: str, urgency: Urgency | None = None, sure: float = 0.9) -> Work:
        """Do the most urgent work."""
        work = self._next()
        assert work is not None
        assert urgency is None or work.urgency is urgency
        words = [" " + word for word in text.split()]
        tokens = tuple(sum(word.encode()) for word in words)
        work.done(Decoded(text, tokens, tuple(words), (sure,) * len(words), sure))
        return work


class Stage:
    """An engine of one stream, and somebody who talks and pauses."""

    def __init__(self, *, interim: bool = True) -> None:
        self.rules = Rules()
        self.decoder: Decoder = Model()
        self.table = Table()
        self.desk: Desk = self.table
        self.stream = LocalRecognition(self, "en", interim=interim)

    def wake(self) -> None:
        pass

    async def sound(self, probability: float, seconds: float) -> None:
        for _ in range(round(seconds * RATE / FRAME)):
            await self.stream.send(bytes(FRAME_BYTES))
            assert self.stream.frame() is not None
            self.stream.hear(probability)

    async def talk(self, seconds: float) -> None:
        await self.sound(0.95, seconds)

    async def pause(self, seconds: float) -> None:
        await self.sound(0.01, seconds)

    def said(self) -> list[Hypothesis]:
        found = list(self.stream._out)
        self.stream._out.clear()
        return found


async def test_the_first_words_are_looked_at_soon_and_later_ones_at_the_models_pace() -> None:
    stage = Stage()
    await stage.talk(0.3)
    assert stage.table.waiting == 0
    await stage.talk(0.1)
    stage.table.answer("one", Urgency.INTERIM)
    await stage.talk(0.23)
    stage.table.answer("one two", Urgency.INTERIM)
    await stage.talk(0.4)
    assert stage.table.waiting == 0
    await stage.talk(0.15)
    assert stage.table.waiting == 1


async def test_while_a_look_is_under_way_no_other_is_asked_for() -> None:
    stage = Stage()
    await stage.talk(5)
    assert len(stage.table.asked) == 1


async def test_a_pause_that_lasts_needs_no_second_look() -> None:
    stage = Stage(interim=False)
    await stage.talk(1)
    await stage.pause(0.2)
    stage.table.answer("all of it", Urgency.CANDIDATE)
    assert stage.said() == []
    await stage.pause(0.7)
    (final,) = stage.said()
    assert (final.text, final.final, final.confidence) == ("all of it", True, 0.9)
    assert len(stage.table.asked) == 1


async def test_the_text_is_on_show_before_it_is_final() -> None:
    stage = Stage()
    await stage.talk(0.3)
    await stage.pause(0.2)
    stage.table.answer("all of it", Urgency.CANDIDATE)
    (shown,) = stage.said()
    assert (shown.text, shown.final) == ("all of it", False)


async def test_a_look_that_still_waits_when_the_utterance_ends_becomes_urgent() -> None:
    stage = Stage(interim=False)
    await stage.talk(1)
    await stage.pause(1)
    assert stage.said() == []
    stage.table.answer("late", Urgency.FINAL)
    assert [h.text for h in stage.said()] == ["late"]
    assert stage.table.waiting == 0


async def test_a_breath_is_no_end() -> None:
    stage = Stage(interim=False)
    await stage.talk(1)
    await stage.pause(0.2)
    await stage.talk(1)
    assert stage.table.waiting == 0
    await stage.pause(0.2)
    work = stage.table.answer("both halves", Urgency.CANDIDATE)
    assert len(work.pcm) > 2 * RATE * 2
    await stage.pause(0.7)
    assert [h.text for h in stage.said()] == ["both halves"]


async def test_what_was_heard_before_a_breath_is_never_the_final() -> None:
    stage = Stage(interim=False)
    await stage.talk(1)
    await stage.pause(0.2)
    stage.table.answer("one half", Urgency.CANDIDATE)
    await stage.talk(1)
    await stage.pause(1)
    assert stage.said() == []
    stage.table.answer("both halves", Urgency.FINAL)
    assert [h.text for h in stage.said()] == ["both halves"]


async def test_what_was_kept_begins_the_next_draft() -> None:
    stage = Stage()
    for text in ("a b c d e f", "a b c d e f g"):
        await stage.talk(0.45)
        stage.table.answer(text, Urgency.INTERIM)
    await stage.talk(0.6)
    work = stage.table.answer("a b c d e f g h")
    assert work.fixed == 3
    assert len(work.draft) == 7


async def test_finals_of_a_slow_machine_come_in_order() -> None:
    stage = Stage(interim=False)
    for _ in range(3):
        await stage.talk(1)
        await stage.pause(1)
    for text in ("first", "second", "third"):
        stage.table.answer(text)
    found = stage.said()
    assert [h.text for h in found] == ["first", "second", "third"]
    assert found[0].end <= found[1].start
    assert found[1].end <= found[2].start


async def test_answers_after_leaving_are_let_go() -> None:
    stage = Stage()
    await stage.talk(0.3)
    await stage.pause(0.2)
    work = stage.table._next()
    assert work is not None
    stage.stream.close()
    work.done(Decoded("too late", (1,), (" too late",), (0.9,), 0.9))
    assert stage.said() == []


async def test_a_reader_that_sleeps_finds_the_newest_interim_only() -> None:
    stage = Stage()
    for text in ("a b c", "a b c d", "a b c d e", "a b c d e f"):
        await stage.talk(0.6)
        stage.table.answer(text)
    assert [h.text for h in stage.said()] == ["a b c d"]


async def test_an_hour_of_silence_keeps_a_second_of_sound() -> None:
    stage = Stage()
    await stage.pause(3600)
    assert len(stage.stream._audio) <= 3 * RATE * 2
    found = stage.said()
    assert all(h.final and not h.text for h in found)
    assert 3600 - found[-1].end < 30


async def say(stage: Stage, text: str, seconds: float = 1.0, pause: float = 1.0, sure: float = 0.9) -> Work:
    """Talk, be heard in the pause, and let the utterance end."""
    await stage.talk(seconds)
    await stage.pause(0.2)
    work = stage.table.answer(text, Urgency.CANDIDATE, sure)
    await stage.pause(pause - 0.2)
    return work


async def test_an_utterance_is_heard_together_with_the_one_before_it() -> None:
    stage = Stage(interim=False)
    first = await say(stage, "ask not")
    second = await say(stage, "what your country can do")
    assert first.before == ()
    assert second.before == tuple(sum(word.encode()) for word in (" ask", " not"))
    assert len(second.pcm) > 3 * RATE * 2
    assert [h.text for h in stage.said()] == ["ask not", "what your country can do"]


async def test_words_of_before_a_flush_are_never_heard_together_with_words_after_it() -> None:
    stage = Stage(interim=False)
    await say(stage, "the end of one talk")
    stage.stream.settle()
    assert (await say(stage, "another")).before == ()
    await stage.talk(1)
    stage.stream.settle()
    stage.table.answer("cut off", Urgency.FINAL)
    assert (await say(stage, "a third")).before == ()


async def test_after_a_long_silence_an_utterance_is_heard_for_itself() -> None:
    stage = Stage(interim=False)
    await say(stage, "one", pause=4)
    assert len(stage.stream._audio) <= 4 * RATE
    assert (await say(stage, "another")).before == ()


async def test_what_is_too_long_together_is_heard_for_itself() -> None:
    stage = Stage(interim=False)
    await say(stage, "a long one", seconds=9)
    assert (await say(stage, "another", seconds=5)).before == ()


async def test_while_others_wait_for_the_model_nothing_is_heard_twice() -> None:
    stage = Stage(interim=False)
    await say(stage, "one")
    other = Work("somebody else", Urgency.INTERIM, b"", (), 0, "en", lambda _: None, lambda: None)
    stage.table.ask(other)
    assert (await say(stage, "another")).before == ()


async def test_noise_is_no_beginning_of_what_follows() -> None:
    stage = Stage(interim=False)
    await say(stage, "mumble", sure=0.2)
    assert (await say(stage, "words")).before == ()


async def test_a_model_that_hears_each_utterance_for_itself_is_given_nothing_else() -> None:
    stage = Stage(interim=False)
    stage.decoder.context = 0.0  # type: ignore[misc]  # read-only for those who use one
    await say(stage, "one")
    assert (await say(stage, "another")).before == ()


async def test_the_first_looks_are_at_the_new_words_alone() -> None:
    stage = Stage()
    await say(stage, "one")
    for text in ("two", "two three"):
        await stage.talk(0.3 if stage.stream._utterances else 0.45)
        assert stage.table.answer(text, Urgency.INTERIM).before == ()
    await stage.talk(0.6)
    assert stage.table.answer("two three four", Urgency.INTERIM).before != ()
