"""What hears where no engine of this machine can stand in for Deepgram."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.engines import hearing
from core.engines.gate import Gate
from core.engines.hearing import open_hearing
from core.errors import EngineMissing, LineBusy, Refused
from core.metrics import Metrics
from core.settings import Settings
from tests.fakes.deepgram import KEY, Drop, FakeDeepgram, Hang, Http, Refusing, deepgram
from tests.fakes.engine import ScriptedEngine


class Deaf:
    """A voice detector that needs no model."""


def settings(fake: FakeDeepgram, **more: object) -> Settings:
    return Settings.model_validate({"DEEPGRAM_API_KEY": KEY, "deepgram_url": fake.ws, **more})


def only(monkeypatch: pytest.MonkeyPatch, languages: frozenset[str] | None) -> None:
    """This machine has an engine for these languages; for None it has none."""

    @asynccontextmanager
    async def engine(*_: Any, **__: Any) -> AsyncIterator[ScriptedEngine]:
        if languages is None:
            raise EngineMissing("There are no models.")
        yield ScriptedEngine(name="Near", languages=languages)

    monkeypatch.setattr(hearing, "open_engine", engine)
    monkeypatch.setattr(hearing, "Silero", Deaf)


@pytest.mark.real_time  # certificates and the voice detector are loaded in threads
async def test_without_an_engine_of_this_machine_silence_is_kept_out_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, None)
    async with deepgram() as fake, open_hearing(settings(fake), Metrics()) as heard:
        assert heard.gate is not None
        assert isinstance(heard.gate(), Gate)
        assert heard.note == "No engine of this machine takes over while Deepgram can't hear."
        async with heard.lender.lend("en") as loan:
            assert loan.note is None


@pytest.mark.real_time  # certificates and the voice detector are loaded in threads
async def test_the_budget_holds_where_nobody_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, None)
    async with deepgram() as fake:
        async with open_hearing(settings(fake, deepgram_minutes_a_day=0), Metrics()) as heard:
            with pytest.raises(LineBusy, match="Today's minutes of Deepgram nova-3 are used up"):
                async with heard.lender.lend("en"):
                    pass
        assert fake.ledger.connections == 0


@pytest.mark.real_time  # certificates and the voice detector are loaded in threads
@pytest.mark.parametrize(("language", "said"), [("tr", True), ("en", False), ("en-GB", False)])
async def test_that_this_machine_does_not_hear_the_language_is_said(
    monkeypatch: pytest.MonkeyPatch, language: str, said: bool
) -> None:
    only(monkeypatch, frozenset({"en"}))
    async with deepgram() as fake, open_hearing(settings(fake, language=language), Metrics()) as heard:
        assert (heard.note is not None) == said


@pytest.mark.real_time  # certificates and the voice detector are loaded in threads
async def test_without_the_voice_detector_all_sound_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, frozenset({"en"}))

    def missing() -> None:
        raise EngineMissing("There is no voice detector.")

    monkeypatch.setattr(hearing, "Silero", missing)
    async with deepgram() as fake, open_hearing(settings(fake), Metrics()) as heard:
        assert heard.gate is None


@pytest.mark.real_time  # certificates and the voice detector are loaded in threads
@pytest.mark.parametrize(
    ("status", "names"),
    [
        (400, "SPOKENLY_DEEPGRAM_MODEL"),
        (401, "DEEPGRAM_API_KEY"),
        (402, "DEEPGRAM_API_KEY"),
        (403, "SPOKENLY_DEEPGRAM_MODEL"),
    ],
)
async def test_what_deepgram_refuses_is_said_at_the_start_and_this_machine_hears_at_once(
    monkeypatch: pytest.MonkeyPatch, status: int, names: str
) -> None:
    only(monkeypatch, frozenset({"en"}))
    async with deepgram([Http(status)] * 9) as fake, open_hearing(settings(fake), Metrics()) as heard:
        assert names in str(heard.trouble)
        assert str(heard.trouble).endswith("Until then captions come from Near.")
        async with heard.lender.lend("en") as loan:
            assert loan.engine == "Near"
            assert names in str(loan.note)
        assert fake.ledger.asked == 1


@pytest.mark.real_time  # certificates and the voice detector are loaded in threads
@pytest.mark.parametrize(("near", "language"), [(None, "en"), (frozenset({"en"}), "tr")])
async def test_a_refusal_where_nobody_can_take_over_is_a_start_that_fails(
    monkeypatch: pytest.MonkeyPatch, near: frozenset[str] | None, language: str
) -> None:
    only(monkeypatch, near)
    async with deepgram() as fake:
        wrong = settings(fake, language=language, DEEPGRAM_API_KEY="0" * 40)
        with pytest.raises(Refused, match="set DEEPGRAM_API_KEY to a valid one") as refusal:
            async with open_hearing(wrong, Metrics()):
                pass
        assert "0" * 40 not in str(refusal.value)


@pytest.mark.real_time  # certificates and the voice detector are loaded in threads
@pytest.mark.parametrize("away", [Drop(), Hang(), Http(503)])
@pytest.mark.parametrize("near", [None, frozenset({"en"})])
async def test_a_network_that_is_away_neither_fails_nor_holds_up_the_start(
    monkeypatch: pytest.MonkeyPatch, away: Refusing, near: frozenset[str] | None
) -> None:
    only(monkeypatch, near)
    monkeypatch.setattr(hearing, "CHECK", 0.2)
    async with deepgram() as fake:
        fake.away(away)
        async with open_hearing(settings(fake), Metrics()) as heard:
            assert "It is tried again when somebody speaks." in str(heard.trouble)
            if near is not None:
                async with heard.lender.lend("en") as loan:
                    assert loan.engine == "Near"
                assert fake.ledger.asked == 1


@pytest.mark.real_time  # certificates and the voice detector are loaded in threads
async def test_when_all_is_well_at_the_start_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, frozenset({"en"}))
    async with deepgram() as fake, open_hearing(settings(fake), Metrics()) as heard:
        assert (heard.note, heard.trouble) == (None, None)
        async with heard.lender.lend("en") as loan:
            assert loan.engine == "Deepgram nova-3"
