"""The command line: `spokenly run`, `transcribe`, `records`, `invite` and `doctor`."""

import asyncio
import enum
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from bots.records.commands import app as records
from core.errors import UserError
from core.settings import Settings, complaints

BAD_SETTINGS = 78
"""EX_CONFIG of sysexits.h."""

app = typer.Typer(
    name="spokenly",
    help="Live captions of spoken conversation, on this machine.",
    epilog="Settings are variables of the environment, such as SPOKENLY_PORT, or lines of a file .env in the "
    "folder where you start it. config/spokenly.env.example explains each.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    # Rich tracebacks show local variables, and those hold what people said.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(records, name="records")


class Format(enum.StrEnum):
    """How captions are written."""

    text = "text"
    vtt = "vtt"
    srt = "srt"
    json = "json"
    markdown = "markdown"
    docx = "docx"


class Engine(enum.StrEnum):
    """What listens."""

    local = "local"
    deepgram = "deepgram"


def _version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"Spokenly {version('spokenly')}")
        except PackageNotFoundError:
            typer.echo("Spokenly (from its source, not installed)")
        raise typer.Exit


@app.callback()
def spokenly(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Live captions of spoken conversation, on this machine."""
    context.obj = read_settings


@app.command()
def run(
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where to listen, instead of SPOKENLY_HOST.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="The port, instead of SPOKENLY_PORT; 0 takes a free one."),
    ] = None,
) -> None:
    """Start Spokenly and print the address to open."""
    settings = read_settings(host=host, port=port)
    from bots.app import run as serve  # noqa: PLC0415 - the server's libraries load only for the server

    raise typer.Exit(serve(settings))


_Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE", help="Audio or video files of any kind; - is the standard input."),
]


@app.command()
def transcribe(
    files: _Files,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="text, markdown, vtt, srt, json or docx; else by the ending of --output, else text.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="DIR|FILE", help="Where to write; else the standard output."),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            "-l",
            metavar="LANGUAGE",
            help="What is spoken, such as en; instead of SPOKENLY_LANGUAGE.",
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option(metavar="ENGINE", help="What listens: local (this machine) or deepgram.")
    ] = Engine.local,
    progress: Annotated[
        bool | None, typer.Option(metavar="", help="Show a progress bar, or none; else only in a terminal.")
    ] = None,
) -> None:
    """Write the captions of audio and video FILES.

    Exits with 1 if a file could not be read, or not to its end; what there is of it is written.
    """
    from bots import transcribe as work  # noqa: PLC0415 - FFmpeg and models load only for this

    settings = read_settings(language=language)
    try:
        jobs = work.plan(files, form.value if form else None, output)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    show = sys.stderr.isatty() if progress is None else progress
    raise typer.Exit(asyncio.run(work.transcribe(jobs, settings, engine.value, bar=show)))


@app.command()
def invite() -> None:
    """Print the link that invites the Discord bot to a server, and what it asks for.

    Exits with 1 if there is no bot, or Discord does not know its token.
    """
    from bots.discord.invite import explained, invitation  # noqa: PLC0415 - Discord loads only for this

    token = read_settings().discord_token
    if token is None:
        typer.echo("There is no Discord bot: set DISCORD_TOKEN first (docs/discord.md says how).", err=True)
        raise typer.Exit(1)
    try:
        address = asyncio.run(invitation(token.get_secret_value()))
    except UserError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Open this address to invite Spokenly to a server that you manage:\n\n{address}\n")
    typer.echo("It asks for:")
    for line in explained():
        typer.echo(f"  {line}")


@app.command()
def doctor(
    json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
) -> None:
    """Say what is set up, what is missing, and what to do about it."""
    from bots.doctor.report import examine  # noqa: PLC0415 - it loads what it examines

    raise typer.Exit(examine(as_json=json))


def read_settings(**changes: Any) -> Settings:
    """The settings, with what the command line changes. Exits with 78 after a sentence for each mistake."""
    try:
        return Settings(**{name: value for name, value in changes.items() if value is not None})
    except (ValidationError, SettingsError, UnicodeDecodeError) as error:
        for complaint in complaints(error):
            typer.echo(complaint, err=True)
        raise typer.Exit(BAD_SETTINGS) from None
