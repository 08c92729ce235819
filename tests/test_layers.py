"""The house, read from its imports: what may know what, what stays pure, how long anything gets."""

import ast
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FLOORS = [
    {
        "core.errors",
        "core.address",
        "core.backoff",
        "core.codes",
        "core.limits",
        "core.metrics",
        "core.passes",
        "core.redaction",
        "core.settings",
        "core.telemetry",
        "core.tokens",
    },
    {"core.audio"},
    {"core.engines"},
    {"core.captions"},
    {"core.record"},
    {
        "core.bridge",
        "core.call",
        "core.rooms",
        "core.telling",
        "core.track",
        "core.session",
        "core.switchboard",
    },
]
"""From the ground up. What stands on a floor imports its own floor and those below."""

ROOF = {"bots.app", "bots.cli", "bots.__main__", "bots.doctor.discord", "bots.doctor.slack"}
"""The only modules that know more of bots/ than their own: the doctor asks the platform what it needs."""

LIBRARIES = {
    "alembic",
    "asyncpg",
    "av",
    "deepgram",
    "docx",
    "faster_whisper",
    "httpx",
    "numpy",
    "onnxruntime",
    "openai",
    "platformdirs",
    "prometheus_client",
    "pydantic",
    "pydantic_core",
    "pydantic_settings",
    "pythonjsonlogger",
    "sentry_sdk",
    "sqlalchemy",
    "vaderSentiment",
    "websockets",
}
"""What core may use that is neither its own nor Python's. No chat platform, no web server, no transport."""

PURE = [
    "bots/discord/brief.py",
    "bots/discord/commands/languages.py",
    "bots/discord/pace.py",
    "bots/discord/people.py",
    "bots/discord/place.py",
    "bots/discord/recap_message.py",
    "bots/discord/setup.py",
    "bots/discord/voice/closing.py",
    "bots/discord/voice/listener.py",
    "bots/discord/voice/messages.py",
    "bots/discord/voice/packets.py",
    "bots/discord/voice/reading.py",
    "bots/discord/voice/refusals.py",
    "bots/discord/voice/watch.py",
    "bots/meet/sdp.py",
    "bots/meet/sequence.py",
    "bots/meet/terms.py",
    "bots/meet/voice.py",
    "bots/slack/ladder.py",
    "bots/slack/lately.py",
    "bots/slack/markup.py",
    "bots/slack/notices.py",
    "bots/slack/orders.py",
    "bots/slack/pace.py",
    "bots/slack/scopes.py",
    "bots/slack/seen.py",
    "bots/slack/sheet.py",
    "bots/slack/stream.py",
    "bots/slack/thread.py",
    "core/address.py",
    "core/audio/frame.py",
    "core/audio/jitter.py",
    "core/audio/tape.py",
    "core/backoff.py",
    "core/captions/board.py",
    "core/captions/caption.py",
    "core/captions/cues.py",
    "core/captions/markup.py",
    "core/captions/names.py",
    "core/captions/pages.py",
    "core/codes.py",
    "core/engines/agreement.py",
    "core/engines/breaker.py",
    "core/engines/daily.py",
    "core/engines/deepgram/failures.py",
    "core/engines/deepgram/messages.py",
    "core/engines/deepgram/options.py",
    "core/engines/deepgram/settling.py",
    "core/engines/poison.py",
    "core/engines/protocol.py",
    "core/engines/retries.py",
    "core/engines/segments.py",
    "core/errors.py",
    "core/limits.py",
    "core/passes.py",
    "core/record/database/folding.py",
    "core/record/database/query.py",
    "core/record/files/data.py",
    "core/record/files/exports.py",
    "core/record/files/heading.py",
    "core/record/files/prose.py",
    "core/record/files/subtitles.py",
    "core/record/files/turns.py",
    "core/record/kept.py",
    "core/record/recaps/brief.py",
    "core/record/recaps/closing.py",
    "core/record/recaps/evidence.py",
    "core/record/recaps/minutes.py",
    "core/record/recaps/phrases.py",
    "core/record/recaps/places.py",
    "core/record/recaps/prompt.py",
    "core/record/recaps/questions.py",
    "core/record/recaps/ranking.py",
    "core/record/recaps/recap.py",
    "core/record/recaps/rules.py",
    "core/record/recaps/sentences.py",
    "core/record/recaps/stopwords.py",
    "core/record/recaps/words.py",
    "core/record/written.py",
    "core/redaction.py",
]
"""Arithmetic, parsing and order: no event loop and no third party."""

LONG_FILES: Mapping[str, str] = {}
"""Files of more than 300 lines, each with its reason."""

LONG_FUNCTIONS: Mapping[str, str] = {}
"""Functions (`path:name`) of more than 40 lines without their docstring, each with its reason."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the project by its dotted name."""
    found = {}
    for top in ("core", "bots"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """What a module imports, wherever in it: names of the project's modules, or of a foreign one's top."""
    path = modules()[module]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}, line {node.lineno}: imports are absolute"
            assert node.module is not None
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in modules() else node.module)
    return frozenset(name if name in modules() else name.split(".")[0] for name in found)


def ours(module: str) -> Iterator[str]:
    yield from (name for name in imports(module) if name in modules())


def foreign(module: str) -> Iterator[str]:
    yield from (name for name in imports(module) if name.split(".")[0] not in ("core", "bots"))


def floor(module: str) -> int:
    for number, names in enumerate(FLOORS):
        if module in names or any(module.startswith(f"{name}.") for name in names):
            return number
    raise AssertionError(f"{module} stands on no floor: give it one in FLOORS")


def in_core() -> list[str]:
    return [name for name in modules() if name.startswith("core.")]


def in_bots() -> list[str]:
    return [name for name in modules() if name.startswith("bots.")]


def test_the_reading_sees_imports_at_all() -> None:
    assert "core.errors" in imports("core.settings") | imports("core.redaction")
    assert "core.redaction" in imports("core.telemetry")
    assert "prometheus_client" in imports("core.metrics")


@pytest.mark.parametrize("module", in_core())
def test_core_knows_no_platform_and_no_bot(module: str) -> None:
    assert not [name for name in imports(module) if name.split(".")[0] == "bots"]
    strangers = set(foreign(module)) - LIBRARIES - set(sys.stdlib_module_names)
    assert not strangers


@pytest.mark.parametrize("module", in_core())
def test_imports_run_down_the_house(module: str) -> None:
    assert not [name for name in ours(module) if name != "core" and floor(name) > floor(module)]


@pytest.mark.parametrize("module", in_bots())
def test_a_platform_knows_core_and_itself(module: str) -> None:
    if module in ROOF:
        return
    platform = ".".join(module.split(".")[:2])
    others = {name for name in ours(module) if name.startswith("bots.")}
    assert not [name for name in others if not f"{name}.".startswith(f"{platform}.")]


def test_nothing_imports_in_a_circle() -> None:
    graph = {name: set(ours(name)) for name in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("path", PURE)
def test_the_pure_files_know_neither_an_event_loop_nor_a_third_party(path: str) -> None:
    module = path.removesuffix(".py").replace("/", ".")
    assert module in modules(), f"{path} is gone: take it from PURE"
    assert "asyncio" not in imports(module)
    assert set(foreign(module)) <= set(sys.stdlib_module_names)
    impure = [name for name in ours(module) if str(modules()[name].relative_to(ROOT)) not in PURE]
    assert not [name for name in impure if name != "core.errors"]


def test_the_model_packages_are_never_imported() -> None:
    """They would load their own engines; only their data files are used."""
    for module in modules():
        assert not {"moonshine_voice", "silero_vad", "torch"} & imports(module)


def test_folders_named_after_libraries_do_not_hide_them() -> None:
    for folder in (path for path in (ROOT / "bots").iterdir() if path.is_dir()):
        found = importlib.util.find_spec(folder.name)
        if found is not None and found.origin is not None:
            assert ROOT / "bots" not in Path(found.origin).parents
    assert str(ROOT / "bots") not in sys.path
    assert str(ROOT / "core") not in sys.path


def files() -> list[Path]:
    return [
        path for top in ("core", "bots") for kind in ("py", "js") for path in (ROOT / top).rglob(f"*.{kind}")
    ]


def test_no_file_is_too_long_to_be_read_in_one_go() -> None:
    long = {
        str(path.relative_to(ROOT)): length
        for path in files()
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert {path: long[path] for path in long if path not in LONG_FILES} == {}
    assert all((ROOT / path).exists() for path in LONG_FILES)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file and how many lines each has, without decorators and docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            docstring = (first.end_lineno or 0) - first.lineno + 1 if told else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_no_function_is_too_long_to_be_seen_at_once() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{name}": length
        for path in modules().values()
        for name, length in functions(path)
        if length > 40
    }
    assert {name: long[name] for name in long if name not in LONG_FUNCTIONS} == {}
