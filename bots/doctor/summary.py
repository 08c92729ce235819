"""The recap: whether whoever is to make it can be had."""

# What is examined may be missing or broken, so it is imported only where it is looked at.
# ruff: noqa: PLC0415

from collections.abc import Iterator
from importlib.util import find_spec

from bots.doctor.finding import Finding
from core.settings import Settings

ANSWER = 4.0
"""Seconds that a language model's endpoint has to say which models it has."""


def recap(settings: Settings) -> Iterator[Finding]:
    """Who sums up kept calls."""
    if settings.recap == "llm":
        yield _model(settings)
    elif settings.recap == "deepgram" and settings.deepgram_api_key is None:
        yield Finding("Recap", "missing", "SPOKENLY_RECAP=deepgram needs a key: set DEEPGRAM_API_KEY.")
    elif settings.recap == "deepgram" and settings.language.partition("-")[0].lower() != "en":
        sentence = f"Deepgram sums up English only, and people speak {settings.language}: set SPOKENLY_RECAP."
        yield Finding("Recap", "missing", sentence)
    elif settings.recap == "deepgram":
        yield Finding("Recap", "good", "Deepgram gets what was said; its key is set, and was not tried.")
    else:
        yield Finding("Recap", "good", "Plain rules quote what was said, on this machine.")
    if settings.mood and find_spec("vaderSentiment") is None:
        yield Finding("Mood", "missing", "SPOKENLY_MOOD needs a package: pip install 'spokenly[mood]'.")


def _model(settings: Settings) -> Finding:
    """Ask for the list of models, which costs nothing."""
    from openai import APIConnectionError, APIStatusError, OpenAI

    where, model = str(settings.llm_url).rstrip("/"), settings.llm_model
    key = settings.llm_key.get_secret_value() if settings.llm_key else "none"
    try:
        with OpenAI(base_url=where, api_key=key, timeout=ANSWER, max_retries=0) as client:
            answer = client.models.with_raw_response.list().http_response
    except APIConnectionError:
        sentence = f"{where} does not answer: is it running? SPOKENLY_LLM_URL names it."
        return Finding("Recap", "missing", sentence)
    except APIStatusError as error:
        return _refused(where, error.status_code)
    try:
        names = [str(each["id"]) for each in answer.json()["data"]]
    except (ValueError, KeyError, TypeError):
        return Finding(
            "Recap", "missing", f"{where} is no endpoint for language models: see SPOKENLY_LLM_URL."
        )
    if names and not any(name == model or name.startswith(f"{model}:") for name in names):
        sentence = f"{where} does not list the model {model}: see SPOKENLY_LLM_MODEL."
        return Finding("Recap", "missing", sentence)
    return Finding("Recap", "good", f"{model} at {where} answers; it gets what was said.")


def _refused(where: str, status: int) -> Finding:
    if status in (401, 403):
        return Finding("Recap", "missing", f"{where} refuses the key: see SPOKENLY_LLM_KEY.")
    if status in (404, 405):
        return Finding("Recap", "good", f"{where} answers, but lists no models, so the model was not tried.")
    return Finding("Recap", "missing", f"{where} answers with an error ({status}): see SPOKENLY_LLM_URL.")
