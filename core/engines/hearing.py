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
from core.engines.failover import Failover
from core.engines.gate import Gate, MakeGate, SileroEar
from core.engines.local import open_engine
from core.engines.pool import Lender, Pool
from core.engines.protocol import Transcriber
from core.engines.silero import Silero
from core.errors import EngineMissing, UserError
from core.metrics import Metrics
from core.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What hears, ready to be used. `engine` is what people read; `note` what they should know of it.

    `paid`: whether what it hears with is paid for. `gate`: what a speaker's sound passes first, if anything.
    """

    lender: Lender
    engine: str
    note: str | None = None
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

    Raises `EngineMissing`, `Refused` or `UserError` when it can't hear at all.
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
        yield Hearing(lender, far.name, note, paid=True, gate=await asyncio.to_thread(_gate))


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
