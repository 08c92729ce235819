"""The commands of `spokenly records`: what can be typed; the work is done elsewhere.

`context.obj` reads the settings: only once a command is really to be done, not for its help.
"""

# Each command's work, and the database with it, loads only for that command.
# ruff: noqa: PLC0415

import enum
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from typer.core import TyperCommand

from core.settings import Settings

if TYPE_CHECKING:
    from core.record.database.store import Store

app = typer.Typer(
    help="Calls that were kept: read, search, export, correct, delete.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


class Words(TyperCommand):
    """A command whose arguments may begin with a hyphen, as keys and words that are not wanted do."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # typer's own
        known = {name for option in self.get_params(ctx) for name in (*option.opts, *option.secondary_opts)}
        unwanted = re.compile(r"-[^-].*" if self.name == "search" else r"-[A-Za-z0-9_-]{21}")
        return super().parse_args(
            ctx, [f" {arg}" if arg not in known and unwanted.fullmatch(arg) else arg for arg in args]
        )


class Form(enum.StrEnum):
    """How a call is written."""

    text = "text"
    markdown = "markdown"
    vtt = "vtt"
    srt = "srt"
    json = "json"
    docx = "docx"


class RecapForm(enum.StrEnum):
    """How a recap is written."""

    text = "text"
    markdown = "markdown"
    json = "json"


Key = Annotated[
    str,
    typer.Argument(
        metavar="KEY", help="A call's key, its first characters (4 or more), its address, or last."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Sure = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Within = Annotated[str | None, typer.Option("--in", metavar="KEY", help="Only in this call.")]
Limit = Annotated[
    int, typer.Option("--limit", "-n", metavar="N", min=1, max=100_000, help="At most so many.")
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there already.")]
Output = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="FILE|DIR", help="Where to write; else, or for -, the standard output."
    ),
]


_EMPTY = "[]\n"


def _settings(context: typer.Context) -> Settings:
    settings: Settings = context.obj()
    return settings


def _do(
    context: typer.Context,
    work: Callable[["Store"], Awaitable[int]],
    none: tuple[str, int] = ("", 1),
) -> NoReturn:
    """Do `work` with the record, and exit with its code; `none`: what to write where there is no record."""
    from bots.records.desk import go

    raise typer.Exit(go(_settings(context), work, none=none))


@app.command("list", cls=Words)
def list_(
    context: typer.Context,
    space: Annotated[str | None, typer.Option(metavar="SPACE", help="Only calls of this space.")] = None,
    limit: Limit = 20,
    json: AsJson = False,
) -> None:
    """List the calls that are kept, newest first."""
    from bots.records import reading

    _do(
        context,
        lambda store: reading.calls(store, space=space, limit=limit, as_facts=json),
        (_EMPTY * json, 0),
    )


@app.command(cls=Words)
def show(
    context: typer.Context,
    key: Key,
    json: AsJson = False,
    recap: Annotated[bool, typer.Option(help="With the recap, if there is one.")] = True,
) -> None:
    """Show a call: its facts, its recap, and every line with its number."""
    from bots.records import transcript

    _do(context, lambda store: transcript.show(store, key, recap=recap, as_facts=json))


@app.command(cls=Words)
def search(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORDS", help='All of them in a line; "a phrase", budg*, -unwanted, this OR that.'
        ),
    ],
    within: Within = None,
    limit: Limit = 20,
    json: AsJson = False,
) -> None:
    """Search what was said. Exits with 1 when nothing is found, as grep does."""
    from bots.records import reading

    wanted = " ".join(words)
    _do(
        context,
        lambda store: reading.search(store, wanted, within=within, limit=limit, as_facts=json),
        (_EMPTY * json, 1),
    )


@app.command(cls=Words)
def export(  # noqa: PLR0917 - typer passes them by their names
    context: typer.Context,
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="As for show.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every call; --output names a folder.")] = False,
    person: Annotated[
        str | None, typer.Option(metavar="NAME", help="Everything somebody said, everywhere, as JSON.")
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="text, markdown, vtt, srt, json or docx; else by the ending of --output, else text.",
        ),
    ] = None,
    output: Output = None,
    force: Force = False,
) -> None:
    """Write a call, all calls, or what one person said, to a file; over another only with --force."""
    from bots.records import files, said

    if [key is not None, every, person is not None].count(True) != 1:
        raise typer.BadParameter("Give one of these: a KEY, --all, or --person NAME.")
    if person is not None and form not in (None, Form.json):
        raise typer.BadParameter("What a person said is written as json only.")
    try:
        order = files.order(
            key, "json" if person else form and form.value, output, force=force, one=not every
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if person is None:
        _do(context, lambda store: files.export(store, order))
    _do(context, lambda store: said.said(store, person, order))


@app.command(cls=Words)
def recap(
    context: typer.Context,
    key: Key,
    anew: Annotated[bool, typer.Option("--anew", help="Make it again, though there is one.")] = False,
    form: Annotated[
        RecapForm,
        typer.Option("--format", "-f", metavar="FORMAT", help="text, markdown or json."),
    ] = RecapForm.text,
) -> None:
    """Show what a call came to; where there is no recap yet, SPOKENLY_RECAP makes one, which is kept."""
    from bots.records import recaps

    settings = _settings(context)
    _do(context, lambda store: recaps.recap(store, settings, key, anew=anew, form=form.value))


@app.command(cls=Words)
def correct(
    context: typer.Context,
    key: Key,
    number: Annotated[int, typer.Argument(metavar="LINE", min=0, help="The line's number, as show has it.")],
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="What was really said.")] = None,
    take_back: Annotated[
        bool, typer.Option("--take-back", help="Let the line read again as it was heard.")
    ] = False,
) -> None:
    """Put right what was heard wrong. What was heard is kept too."""
    from bots.records import changes

    if (text is None) != take_back:
        raise typer.BadParameter("Give what was really said, or --take-back.")
    _do(context, lambda store: changes.correct(store, key, number, text))


@app.command(cls=Words)
def delete(
    context: typer.Context,
    keys: Annotated[list[str], typer.Argument(metavar="KEY", help="As for show; several may be given.")],
    sure: Sure = False,
) -> None:
    """Delete calls with all that is kept of them."""
    from bots.records import changes

    raise typer.Exit(changes.delete(_settings(context), keys, sure=sure))


@app.command(cls=Words)
def forget(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As records people has it.")],
    within: Within = None,
    dry: Dry = False,
    sure: Sure = False,
) -> None:
    """Delete everything that somebody said, everywhere."""
    from bots.records import changes

    raise typer.Exit(changes.forget(_settings(context), name, within=within, dry=dry, sure=sure))


@app.command()
def people(context: typer.Context, json: AsJson = False) -> None:
    """List everybody who spoke."""
    from bots.records import reading

    _do(context, lambda store: reading.people(store, as_facts=json), (_EMPTY * json, 0))


@app.command()
def expire(
    context: typer.Context,
    dry: Dry = False,
    days: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, max=36_500, help="Instead of SPOKENLY_RETENTION_DAYS; 0 keeps all."),
    ] = None,
) -> None:
    """Delete the calls that are older than their space's days. A running Spokenly does so every hour."""
    from bots.records import expiry

    limit = _settings(context).retention_days if days is None else days
    _do(context, lambda store: expiry.expire(store, limit, dry=dry))


@app.command()
def retention(
    context: typer.Context,
    space: Annotated[str | None, typer.Argument(metavar="SPACE", help="Whose calls.")] = None,
    days: Annotated[
        str | None, typer.Argument(metavar="DAYS", help="How long they are kept; 0 keeps them; or default.")
    ] = None,
) -> None:
    """Show how long calls are kept, or set it for a space."""
    from bots.records import expiry

    default = _settings(context).retention_days
    _do(context, lambda store: expiry.retention(store, default, space, days))
