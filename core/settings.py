"""Every setting, validated once. Built in `bots.__main__`, passed down, never imported as a value.

`config/spokenly.env.example` lists each with its meaning; a test keeps the two equal.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from core.tokens import Token, slack_mistake


def _separate(value: object) -> object:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_separate)]
"""Several values, separated by commas."""


class Settings(BaseSettings):
    """Read from the environment (`SPOKENLY_…`) and, where it exists, from `.env`."""

    model_config = SettingsConfigDict(
        env_prefix="SPOKENLY_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    # The address
    host: str = Field("127.0.0.1", description="Where to listen. Other machines need 0.0.0.0, and HTTPS.")
    port: int = Field(8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    public_url: HttpUrl | None = Field(
        None,
        description="The address people type, when a proxy stands in front, e.g. https://captions.example. "
        "The proxy must set X-Forwarded-For: it tells people apart where something is limited. Nobody else "
        "may reach the port: what they write there would be believed.",
    )
    tls_cert: Path | None = Field(
        None, description="A PEM certificate (chain), to serve HTTPS without a proxy."
    )
    tls_key: Path | None = Field(None, description="The certificate's private key (PEM).")

    # The ear
    language: str = Field(
        "en", min_length=2, max_length=16, description="What people speak, e.g. en, de, pt-BR."
    )
    model_dir: Path | None = Field(
        None, description="A faster-whisper model directory that takes over from the built-in English model."
    )
    workers: int = Field(2, ge=1, le=64, description="Decodings at the same time; one thread each.")
    voice_threshold: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="How sure the voice detector must be; 0.15 to 0.3 for distant microphones.",
    )

    # The record
    keep: Literal["never", "captions", "transcript"] = Field(
        "captions",
        description="What a call keeps unless whoever opens it chooses: captions (nothing is ever written) "
        "or transcript (the words, never the sound). never takes the choice away; the database is "
        "opened only for Discord and Slack then, and holds setups, opt-outs and which calls run.",
    )
    data_dir: Path | None = Field(
        None,
        description="A directory that exists, for the database; else a folder of Spokenly's own where this "
        "system keeps programs' data.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="Another database than SQLite in the data directory: postgresql://user:password@host/name.",
    )
    retention_days: int = Field(
        30,
        ge=0,
        le=36_500,
        description="Days after which the record of a call is deleted, where a space has no rule of its own; "
        "0 keeps it until somebody deletes it.",
    )
    records_key: SecretStr | None = Field(
        None,
        description="The password to the list of all records in the browser. Without one the list is open "
        "only where nobody but this machine can open Spokenly.",
    )

    # The recap
    recap: Literal["quotes", "llm", "deepgram"] = Field(
        "quotes",
        description="Who sums up a kept call: quotes (plain rules, on this machine), llm (a language model "
        "behind SPOKENLY_LLM_URL) or deepgram (its text intelligence, English only). The last two get what "
        "was said.",
    )
    mood: bool = Field(
        False,
        description="Tell the mood of a call in its recap, by its words; English only, and often wrong.",
    )
    llm_url: HttpUrl = Field(
        HttpUrl("https://api.openai.com/v1"),
        description="An endpoint that speaks OpenAI's chat completions; Ollama's is "
        "http://localhost:11434/v1.",
    )
    llm_model: str | None = Field(
        None,
        description="The model's name there, e.g. gpt-5-mini or qwen3:8b; needed for SPOKENLY_RECAP=llm.",
    )
    llm_key: SecretStr | None = Field(None, description="The endpoint's key, where it asks for one.")
    llm_context: int = Field(
        16_384,
        ge=2_048,
        description="Tokens that the model takes at once; a longer call is summed up in parts.",
    )
    llm_timeout: float = Field(
        120.0, gt=0, le=3_600, description="Seconds that one answer of the model may take."
    )
    deepgram_api_key: Token = Field(
        None,
        validation_alias=AliasChoices("DEEPGRAM_API_KEY", "SPOKENLY_DEEPGRAM_API_KEY"),
        description="A key of Deepgram's: Deepgram hears, and this machine's engine while it can't.",
    )
    deepgram_url: str = Field(
        "https://api.deepgram.com",
        description="A region's address, e.g. https://api.eu.deepgram.com, or that of a server of your own.",
    )
    deepgram_model: str = Field("nova-3", description="The model there.")
    deepgram_multilingual: bool = Field(
        True,
        description="Hear several languages at once, where SPOKENLY_LANGUAGE is one that nova-3 takes "
        "together with others: de, en, es, fr, hi, it, ja, nl, pt, ru. Else that language alone.",
    )
    deepgram_keyterms: Words = Field(
        (), description="Names and terms to expect, separated by commas; 500 tokens in all."
    )
    deepgram_redact: Words = Field(
        (), description="What Deepgram takes out of the text: pci, ssn, numbers, separated by commas."
    )
    deepgram_opt_out: bool = Field(
        False, description="Nothing of it may train Deepgram's models; Deepgram asks a higher price then."
    )
    deepgram_extra: Words = Field(
        (), description="Any other parameters of its API, as name=value, separated by commas."
    )
    deepgram_streams: int = Field(
        150, ge=1, description="Streams at once that your plan allows; 429 answers make it fewer for a while."
    )
    deepgram_minutes_a_day: float | None = Field(
        None,
        ge=0,
        description="Minutes of sound a day (UTC) that may go there; then this machine's engine hears. "
        "Without a number there is no limit.",
    )

    # Discord
    discord_token: Token = Field(
        None,
        validation_alias=AliasChoices("DISCORD_TOKEN", "SPOKENLY_DISCORD_TOKEN"),
        description="The token of a Discord bot: it captions voice channels (docs/discord.md).",
    )
    discord_guild: int | None = Field(
        None,
        gt=0,
        lt=1 << 64,
        description="The id of one server that the bot registers its commands in, instead of everywhere: for "
        "development, because they change there at once.",
    )

    # Slack
    slack_bot_token: Token = Field(
        None,
        validation_alias=AliasChoices("SLACK_BOT_TOKEN", "SPOKENLY_SLACK_BOT_TOKEN"),
        description="The Bot User OAuth Token (xoxb-…) of a Slack app, for one workspace (docs/slack.md).",
    )
    slack_app_token: Token = Field(
        None,
        validation_alias=AliasChoices("SLACK_APP_TOKEN", "SPOKENLY_SLACK_APP_TOKEN"),
        description="The app-level token (xapp-…) with connections:write: Slack is reached by Socket Mode, "
        "without a public address.",
    )
    slack_signing_secret: Token = Field(
        None,
        validation_alias=AliasChoices("SLACK_SIGNING_SECRET", "SPOKENLY_SLACK_SIGNING_SECRET"),
        description="The app's signing secret: without an app-level token Slack sends everything to "
        "/slack/events at the public address.",
    )
    slack_client_id: str | None = Field(
        None,
        validation_alias=AliasChoices("SLACK_CLIENT_ID", "SPOKENLY_SLACK_CLIENT_ID"),
        description="The app's client id: many workspaces install it at /slack/install; no bot token then.",
    )
    slack_client_secret: Token = Field(
        None,
        validation_alias=AliasChoices("SLACK_CLIENT_SECRET", "SPOKENLY_SLACK_CLIENT_SECRET"),
        description="The app's client secret, with the client id.",
    )
    slack_streams: bool = Field(
        False,
        description="Stream captions by Slack's streams: smooth for whoever started them; everybody else in "
        "the channel then reads them minutes late.",
    )

    # The limits
    rooms: int = Field(100, ge=1, description="Rooms open at the same time.")
    people: int = Field(100, ge=1, description="People in one room, readers included.")
    speakers: int = Field(25, ge=1, description="People who share sound in one room at the same time.")
    rooms_per_minute: int = Field(10, ge=1, description="New rooms a minute from one address.")
    patience: float = Field(
        60.0, ge=1, le=600, description="Seconds that somebody whose connection dropped is waited for."
    )
    drain: float = Field(
        8.0, ge=0, le=300, description="Seconds for the last words when Spokenly is stopped."
    )

    # What operators see
    log_format: Literal["people", "json"] = Field("people", description="people or json.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    sentry_dsn: SecretStr | None = Field(
        None, description="Report bugs to Sentry, scrubbed of speech and names."
    )
    metrics: bool = Field(True, description="Serve /metrics for Prometheus.")

    # WebRTC
    ice_servers: Words = Field(
        (),
        repr=False,  # a TURN address holds a password
        description="STUN or TURN addresses for WHIP, separated by commas; turn:host:3478?user=u&password=p.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.recap == "llm" and self.llm_model is None:
            raise ValueError("SPOKENLY_RECAP=llm needs a model: set SPOKENLY_LLM_MODEL")
        if self.recap == "deepgram" and self.deepgram_api_key is None:
            raise ValueError("SPOKENLY_RECAP=deepgram needs a key: set DEEPGRAM_API_KEY")
        key = "" if self.records_key is None else self.records_key.get_secret_value()
        if not (key.isascii() and key.isprintable()):
            raise ValueError(
                "SPOKENLY_RECORDS_KEY can't be sent by browsers: use English letters, digits and signs"
            )
        return self

    @model_validator(mode="after")
    def _slack_complete(self) -> Self:
        if (mistake := slack_mistake(self.slack_bot_token, self.slack_app_token)) is not None:
            raise ValueError(mistake)
        many = self.slack_client_id is not None
        if many != (self.slack_client_secret is not None):
            raise ValueError("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together: set both or neither")
        ways = self.slack_app_token is not None or self.slack_signing_secret is not None
        if (many or self.slack_bot_token is not None) and not ways:
            raise ValueError("Slack can't be reached: set SLACK_APP_TOKEN (or SLACK_SIGNING_SECRET for HTTP)")
        if ways and not self.slack:
            raise ValueError("Slack has no workspace: set SLACK_BOT_TOKEN (or SLACK_CLIENT_ID for many)")
        if many and self.public_url is None:
            raise ValueError("SLACK_CLIENT_ID needs SPOKENLY_PUBLIC_URL: Slack sends who installs back there")
        return self

    @property
    def slack(self) -> bool:
        """Whether there is a Slack app."""
        return self.slack_bot_token is not None or self.slack_client_id is not None


def complaints(error: ValidationError | SettingsError | UnicodeDecodeError) -> list[str]:
    """One sentence for each setting that is wrong, without its value: that may be a secret."""
    if isinstance(error, UnicodeDecodeError):
        return ["The file .env is not UTF-8 text: save it anew with that encoding."]
    if isinstance(error, SettingsError):
        return [f"A setting can't be read: {error}."]
    return [_complaint(detail) for detail in error.errors(include_input=False, include_url=False)]


def _complaint(detail: ErrorDetails) -> str:
    names = [str(part).upper().removeprefix("SPOKENLY_") for part in detail["loc"][:1]]
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ").removeprefix("String ")
    if not names:
        return f"{message.rstrip('.')}."
    foreign = names[0].startswith(("DEEPGRAM_", "SLACK_")) or names[0] == "DISCORD_TOKEN"
    name = names[0] if foreign else f"SPOKENLY_{names[0]}"
    return f"{name} {message[:1].lower()}{message[1:].rstrip('.')}."
