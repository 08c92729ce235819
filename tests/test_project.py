"""What surrounds the code: locks, container, commands. Whatever can be checked without running it all."""

import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from core.settings import Settings

ROOT = Path(__file__).parent.parent
LOCKS = ["requirements.lock", "tests/requirements.lock"]


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    """What a lock asks for: a line `name==version ; marker`, by its name and marker, without hashes."""
    found = {}
    for line in text(lock).splitlines():
        if line and not line.startswith((" ", "#")):
            pin = line.removesuffix("\\").strip()
            name, version = pin.split(" ;")[0].split("==")
            found[name + pin.removeprefix(f"{name}=={version}")] = version
    return found


def test_tests_run_on_the_versions_that_people_run() -> None:
    tested = pins("tests/requirements.lock")
    versions = {(name.split(" ;")[0], version) for name, version in tested.items()}
    for name, version in pins("requirements.lock").items():
        assert (name.split(" ;")[0], version) in versions


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_that_is_installed_has_a_hash_and_no_address(lock: str) -> None:
    whole = text(lock)
    assert not re.search(r"://|--(index|extra|find|trusted)|file:", whole)
    requirements = whole.replace("\\\n", " ").splitlines()
    assert len(requirements) > 20
    for requirement in requirements:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[^ ]+ .*--hash=sha256:[0-9a-f]{64}", requirement), requirement[
            :80
        ]


def test_every_dependency_that_is_named_is_locked() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    locked = {_plain(name.split(" ;")[0]) for name in pins("requirements.lock")}
    for wanted in [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]:
        name = re.match(r"[A-Za-z0-9._-]+", wanted)
        assert name is not None
        assert _plain(name.group()) in locked, "run: make lock"


def _plain(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and their arguments."""
    lines = [line for line in text("Dockerfile").splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_the_container_copies_what_exists_and_what_it_is_allowed_to_see() -> None:
    allowed = {line.removeprefix("!") for line in text(".dockerignore").splitlines() if line.startswith("!")}
    copied = [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in shlex.split(rest)[:-1]
    ]
    assert "requirements.lock" in copied
    for source in copied:
        assert (ROOT / source).exists(), f"{source} does not exist"
        assert source in allowed, f"{source} is not in .dockerignore"
    assert sorted(allowed) == sorted(copied)


def test_the_container_installs_nothing_without_a_hash() -> None:
    installs = [rest for name, rest in instructions() if name == "RUN" and '"install"' in rest]
    assert installs
    for install in installs:
        assert "--no-deps" in install
        assert "--require-hashes" in install or "--no-build-isolation" in install


def test_the_container_needs_no_root_and_no_shell() -> None:
    names = [name for name, _ in instructions()]
    for name, rest in instructions():
        if name in ("RUN", "ENTRYPOINT", "CMD"):
            assert isinstance(json.loads(rest), list)
        if name == "HEALTHCHECK":
            assert isinstance(json.loads(rest.split(" CMD ")[1]), list)
        if name == "USER":
            assert int(rest.split(":")[0]) >= 1000
    assert names.count("FROM") == 2
    last = names[len(names) - names[::-1].index("FROM") :]
    assert last.index("USER") < last.index("ENTRYPOINT")
    assert "RUN" not in last[last.index("USER") :]
    assert "HEALTHCHECK" in last


def test_the_container_listens_where_it_says_and_stops_as_people_expect() -> None:
    given = dict(instructions())
    assert given["EXPOSE"] == "8080"
    assert given["STOPSIGNAL"] == "SIGTERM"
    assert "SPOKENLY_HOST=0.0.0.0" in given["ENV"]
    assert json.loads(given["ENTRYPOINT"]) == ["spokenly"]
    assert json.loads(given["CMD"]) == ["run"]
    project = tomllib.loads(text("pyproject.toml"))
    assert "spokenly" in project["project"]["scripts"]


def test_both_stages_of_the_container_stand_on_the_same_base() -> None:
    bases = [rest.split(" AS ")[0] for name, rest in instructions() if name == "FROM"]
    assert len(set(bases)) == 1, "a virtual environment only works on the Python it was made with"


def test_the_continuous_check_is_the_readmes_command() -> None:
    assert "make test" in text(".ci/run")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_change_log_knows_this_version() -> None:
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert f"## [{version}]" in text("CHANGELOG.md")


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ("exit 127", "Spokenly needs Python 3.11 or newer, and there is none here."),
        (
            '[ "$2" = "import sys" ]',
            "Spokenly needs Python 3.11 or newer, and there is none here (mine is older).",
        ),
        ('case "$2" in *ensurepip*) exit 1;; esac', "mine has no venv module: install it first"),
    ],
)
def test_a_machine_without_a_fitting_python_is_told_in_one_sentence(
    tmp_path: Path, answers: str, sentence: str
) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text(text(name), encoding="utf-8")
    python = tmp_path / "mine"
    python.write_text(f"#!/bin/sh\n{answers}\n", encoding="utf-8")
    python.chmod(0o755)
    made = subprocess.run(
        ["make", "PYTHON=mine", "setup"],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode
    said = [line for line in made.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1
    assert said[0].startswith(sentence)
    assert not (tmp_path / ".venv").exists()


def test_the_container_is_asked_for_its_health_where_it_listens() -> None:
    port = Settings.model_fields["port"].default
    assert f"or {port}}}/healthz" in text("config/healthcheck.py")
    assert f'"127.0.0.1:{port}:{port}"' in text("config/compose.yaml")
    assert dict(instructions())["EXPOSE"] == str(port)


def test_the_container_is_given_time_for_the_last_words() -> None:
    grace = re.search(r"stop_grace_period: (\d+)s", text("config/compose.yaml"))
    assert grace is not None
    assert int(grace.group(1)) > Settings.model_fields["drain"].default + 5
