"""Everything that is examined, and how it reads."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bots.doctor.checks import CHECKS
from bots.doctor.deepgram import deepgram
from bots.doctor.discord import discord
from bots.doctor.finding import Check, Finding
from bots.doctor.record import record
from bots.doctor.slack import slack
from bots.doctor.summary import recap
from core.errors import SpokenlyError
from core.settings import Settings, complaints

_CHECKS: dict[str, Check] = {
    **CHECKS,
    "Deepgram": deepgram,
    "Record": record,
    "Recap": recap,
    "Discord": discord,
    "Slack": slack,
}


def examine(*, as_json: bool) -> int:
    """Look at everything and print it. Returns 1 if something that is needed is missing, else 0."""
    try:
        settings = Settings()
        findings = [Finding("Settings", "good", "All of them can be used.")]
    except (ValidationError, SettingsError, UnicodeDecodeError) as error:
        findings = [Finding("Settings", "missing", complaint) for complaint in complaints(error)]
        settings = Settings.model_construct()
    findings += look(settings)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))  # noqa: T201
    else:
        _show(findings)
    return int(any(finding.state == "missing" for finding in findings))


def look(settings: Settings, *names: str) -> Iterator[Finding]:
    """Everything, or the checks of these names, that can be found out without starting Spokenly."""
    for name, check in _CHECKS.items():
        if names and name not in names:
            continue
        try:
            yield from check(settings)
        except ImportError as error:
            yield Finding(
                name, "missing", f"{error.name or 'A package'} can't be loaded: run make setup again."
            )
        except SpokenlyError as error:
            yield Finding(name, "missing", str(error))


_SIGNS = {"good": ("✓", "green"), "missing": ("✗", "bold red"), "unneeded": ("–", "dim")}


def _show(findings: list[Finding]) -> None:
    try:
        title = f"Spokenly {version('spokenly')}"
    except PackageNotFoundError:
        title = "Spokenly"
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    for finding in findings:
        sign, style = _SIGNS[finding.state]
        table.add_row(Text(sign, style), Text(finding.what), Text(finding.sentence))
    console = Console(highlight=False)
    console.print(table)
    missing = sum(finding.state == "missing" for finding in findings)
    verdict = "Everything that is needed is here." if not missing else f"{missing} to be put right: see ✗."
    console.print(f"\n{verdict}", markup=False)
