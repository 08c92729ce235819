"""Which summariser is taken, and what stands in for it."""

import asyncio
import io
import logging
import secrets
from collections.abc import Iterator

import pytest
from pydantic import HttpUrl, SecretStr

from core.audio.frame import Speaker
from core.errors import RecapFailed
from core.record.kept import Line
from core.record.recaps.deepgram_read import DeepgramRead
from core.record.recaps.fallback import WithQuotes, open_summariser
from core.record.recaps.llm import LanguageModel
from core.record.recaps.quotes import Quotes
from core.record.recaps.recap import Conversation, Recap
from core.settings import Settings
from core.telemetry import bug_reports, set_up_logging
from tests.core.record.recaps.calls import MEETING, conversation
from tests.fakes import deepgram_read, openai
from tests.fakes.deepgram_read import fake_deepgram_read
from tests.fakes.openai import fake_openai
from tests.fakes.sentry import fake_sentry

pytestmark = pytest.mark.real_time


class Fixed:
    """A summariser that always gives or raises the same."""

    name = "Fixed"

    def __init__(self, outcome: Recap | Exception) -> None:
        self._outcome = outcome

    async def summarise(self, _conversation: Conversation) -> Recap:
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


GOOD, SPARE = Recap("llm", "Good"), Recap("quotes", "Spare", note="It quotes.")


async def test_what_works_is_taken_as_it_is() -> None:
    both = WithQuotes(Fixed(GOOD), Fixed(SPARE))
    assert await both.summarise(conversation()) is GOOD
    assert both.name == "Fixed"


async def test_a_recap_that_stands_in_tells_why() -> None:
    failed = Fixed(RecapFailed("It is away."))
    assert await WithQuotes(failed, Fixed(SPARE)).summarise(conversation()) == Recap(
        "quotes", "Spare", note="It is away. It quotes."
    )
    assert (await WithQuotes(failed, Fixed(GOOD)).summarise(conversation())).note == "It is away."


async def test_two_failures_are_one_and_a_bug_stays_loud() -> None:
    with pytest.raises(RecapFailed, match="So is this"):
        await WithQuotes(Fixed(RecapFailed("Away.")), Fixed(RecapFailed("So is this."))).summarise(
            conversation()
        )
    with pytest.raises(KeyError):
        await WithQuotes(Fixed(KeyError("bug")), Fixed(SPARE)).summarise(conversation())


async def test_quotes_are_the_default() -> None:
    async with open_summariser(Settings()) as made:
        assert isinstance(made, Quotes)
        assert (await made.summarise(conversation())).mood is None
    async with open_summariser(Settings(mood=True)) as made:
        assert (await made.summarise(conversation())).mood is not None


async def test_a_language_model_is_set_up_and_quotes_step_in_for_it() -> None:
    async with fake_openai() as fake:
        settings = Settings(
            recap="llm",
            llm_url=HttpUrl(fake.url),
            llm_model="small",
            llm_key=SecretStr("sk-right"),
            mood=True,
        )
        async with open_summariser(settings) as made:
            assert made.name == "small"
            recap = await made.summarise(conversation())
            assert recap.by == "llm"
            assert recap.mood is not None
            assert recap.mood.score > 0
            fake.key = "sk-another"
            recap = await made.summarise(conversation())
    assert recap.by == "quotes"
    assert recap.quoted
    assert recap.claims
    assert recap.note is not None
    assert recap.note.startswith("The language model's endpoint does not take the key: set SPOKENLY_LLM_KEY")


async def test_deepgram_is_set_up_and_quotes_step_in_for_it() -> None:
    settings = Settings(recap="deepgram", deepgram_api_key=SecretStr("dg"))
    async with open_summariser(settings) as made:
        assert made.name == "Deepgram"
        recap = await made.summarise(conversation(language="de"))
    assert recap.by == "quotes"
    assert recap.note is not None
    assert "English only" in recap.note


@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_deepgram_sums_up_where_it_hears(scheme: str) -> None:
    async with fake_deepgram_read() as fake:
        url = fake.url.replace("http", scheme) + "/"
        settings = Settings(recap="deepgram", deepgram_api_key=SecretStr(fake.key), deepgram_url=url)
        async with open_summariser(settings) as made:
            recap = await made.summarise(conversation())
    assert recap.by == "deepgram"


# What operators see


@pytest.fixture
def loud() -> Iterator[io.StringIO]:
    """The log at its loudest, with every library's own loggers."""
    log = io.StringIO()
    names = [None, "openai", "httpx", "httpx2", "httpcore", "httpcore2", "deepgram"]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    handler = set_up_logging("json", "debug", log)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        logging.captureWarnings(False)
        logging.getLogger().removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


MODEL_DAYS: list[openai.Fault | None] = [
    None,
    openai.Status(401, "invalid_api_key"),
    openai.Status(400),
    openai.Status(429, headers={"Retry-After": "999"}),
    openai.Status(400, "context_length_exceeded"),
    openai.Raw(b"<html>", "text/html"),
    openai.Drop(),
    openai.Hang(),
]
DEEPGRAM_DAYS = [
    None, deepgram_read.Status(401), deepgram_read.Status(400), deepgram_read.Raw(b"{"), deepgram_read.Hang(),
]  # fmt: skip


def test_neither_speech_nor_names_nor_keys_are_seen_by_operators(
    loud: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    key, spoken, name = (secrets.token_hex(8) for _ in range(3))
    lines = [Line(at, Speaker("p", name), at, at + 1, f"{text} {spoken}") for at, text in enumerate(MEETING)]
    call = Conversation("x", "en", lines)
    log = logging.getLogger("core.record.trial")
    failures: list[RecapFailed] = []

    async def sum_up(made: LanguageModel | DeepgramRead) -> None:
        try:
            assert spoken in str(await made.summarise(call))
        except RecapFailed as error:
            failures.append(error)
            log.exception("trial.failed")
            logging.getLogger("somelibrary").exception("failed")

    async def by_a_language_model() -> None:
        wrong = openai.Message(f'{{"summary": "{spoken}", "lines": "{name}"}}')
        async with fake_openai() as fake:
            fake.key = key
            async with await asyncio.to_thread(
                lambda: LanguageModel(fake.url, "small", key, context=16_384, timeout=0.5)
            ) as model:
                for day in [*MODEL_DAYS, wrong, openai.Message(f"{spoken} {name}")]:
                    fake.always = day
                    await sum_up(model)

    async def by_deepgram() -> None:
        wrong = deepgram_read.Raw(f'{{"results": {{"summary": "{spoken} {name}"}}}}'.encode())
        async with fake_deepgram_read() as fake:
            fake.key = key
            async with await asyncio.to_thread(
                lambda: DeepgramRead(key, url=fake.url, timeout=0.5)
            ) as reader:
                for day in [*DEEPGRAM_DAYS, wrong]:
                    fake.always = day
                    await sum_up(reader)

    with fake_sentry() as sentry:
        with bug_reports(sentry.dsn):
            asyncio.run(by_a_language_model())
            asyncio.run(by_deepgram())
        assert len(sentry.events) == 2 * len(failures)
        printed = "".join(capfd.readouterr())
        for secret in (key, spoken, name):
            assert secret not in loud.getvalue()
            assert secret not in sentry.everything
            assert secret not in printed
            assert not any(secret in str(error) for error in failures)
    assert len(failures) == 14
    assert "trial.failed" in loud.getvalue()
