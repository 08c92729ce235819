"""Which engines hear: this machine's alone, or Deepgram with this machine's in its stead."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pydantic import SecretStr

from core.engines.daily import Daily
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.failover import SULK, Failover
from core.engines.gate import Gate, MakeGate, SileroEar
from core.engines.local import open_engine
from core.engines.pool import Lender, Pool
from core.engines.protocol import Transcriber
from core.engines.silero import Silero
from core.errors import EngineMissing, LineBusy, LineLost, Refused, UserError
from core.metrics import Metrics
from core.settings import Settings

CHECK = 2.5
"""Seconds that Deepgram has to answer at the start: nobody waits longer for it to begin."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What hears, ready to be used. `engine` is what people read; `note` what they should know of it.

    `trouble`: what was wrong with the engine at the start, for whoever started it: it may be mended since.
    `paid`: whether what it hears with is paid for. `gate`: what a speaker's sound passes first, if anything.
    """

    lender: Lender
    engine: str
    note: str | None = None
    trouble: str | None = None
    paid: bool = False
    gate: MakeGate | None = None


def alone(engine: Transcriber) -> Hearing:
    """One engine that costs nothing."""
    only_english = engine.languages == frozenset({"en"})
    return Hearing(Pool(engine), engine.name, "Only English is heard here." if only_english else None)


def options(settings: Settings) -> DeepgramOptions:
    """How Deepgram is to be used. Raises `UserError` for parameters that are no parameters."""
    extra = []
    for part in settings.deepgram_extra:
        name, sign, value = part.partition("=")
        if not (name.strip() and sign):
            raise UserError("SPOKENLY_DEEPGRAM_EXTRA must be name=value, several separated by commas.")
        extra.append((name.strip(), value.strip()))
    return DeepgramOptions(
        url=settings.deepgram_url,
        model=settings.deepgram_model,
        multilingual=settings.deepgram_multilingual,
        keyterms=settings.deepgram_keyterms,
        redact=settings.deepgram_redact,
        mip_opt_out=settings.deepgram_opt_out,
        extra=tuple(extra),
    )


@asynccontextmanager
async def open_hearing(settings: Settings, metrics: Metrics) -> AsyncIterator[Hearing]:
    """What the settings ask for, loaded and running.

    Deepgram is asked at once whether it will hear, so that a wrong key is known before somebody speaks.
    Raises `EngineMissing`, `Refused` or `UserError` when nothing can hear at all.
    """
    key = settings.deepgram_api_key
    if key is None:
        async with open_engine(settings, metrics) as engine:
            yield alone(engine)
        return
    async with AsyncExitStack() as engines:
        far = await engines.enter_async_context(deepgram(settings, key, metrics))
        note, near = None, None
        try:
            near = await engines.enter_async_context(open_engine(settings, metrics, stand_in=True))
        except EngineMissing:
            log.warning("hearing.no_stand_in")
            note = "No engine of this machine takes over while Deepgram can't hear."
        lender = _both(far, near, settings)
        if lender.second is not None and not lender.second.hears(settings.language):
            note = "The engine of this machine does not hear the language: nobody takes over for Deepgram."
        trouble = await _ask(far, lender, settings.language)
        gate = await asyncio.to_thread(_gate)
        yield Hearing(lender, far.name, note, trouble, paid=True, gate=gate)


async def _ask(far: Deepgram, lender: Failover, language: str) -> str | None:
    """Whether Deepgram hears as it is set up: None, or the sentence for whoever started Spokenly.

    Where it does not, the other engine hears at once, and Deepgram is asked again later. Raises `Refused`
    when there is no other.
    """
    if lender.spent():
        return None
    second = lender.second if lender.stands_in(language) else None
    instead = "" if second is None else f" Until then captions come from {second.transcriber.name}."
    try:
        async with asyncio.timeout(CHECK):
            await far.check_key(language)
    except Refused as error:
        if second is None:
            raise
        log.warning("hearing.refused")
        lender.refused(error)
        return f"{error} It is asked again every {SULK / 60:g} minutes.{instead}"
    except LineBusy as error:
        return str(error)
    except (LineLost, TimeoutError) as error:
        log.warning("hearing.away")
        if second is not None:
            lender.away()
        why = str(error) or f"Deepgram did not answer in {CHECK:g} seconds: is this machine online?"
        return f"{why} It is tried again when somebody speaks.{instead}"
    return None


def _gate() -> MakeGate | None:
    """Keeps silence from what is paid for, where the voice detector can be had."""
    try:
        silero = Silero()
    except EngineMissing:
        log.warning("hearing.no_gate")
        return None
    return lambda: Gate(SileroEar(silero))


def deepgram(settings: Settings, key: SecretStr, metrics: Metrics | None = None) -> Deepgram:
    """Deepgram as the settings want it. Raises `Refused` or `UserError` when they can't be used."""
    return Deepgram(key, options(settings), streams=settings.deepgram_streams, metrics=metrics)


def _both(far: Deepgram, near: Transcriber | None, settings: Settings) -> Failover:
    spent = Daily(
        settings.deepgram_minutes_a_day,
        used=lambda: far.spent.seconds,
        today=_today,
        now=asyncio.get_running_loop().time,
    )
    second = None if near is None else Pool(near)
    return Failover(Pool(far, per_call=settings.speakers, far=True), second, spent=spent)


def _today() -> date:
    return datetime.now(UTC).date()
