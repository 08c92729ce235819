"""Which recording goes where."""

from pathlib import Path

import pytest

from bots.transcribe import Job, plan


def test_without_an_output_everything_goes_to_the_standard_output_as_text() -> None:
    assert plan(["a.mp3"], None, None) == [Job("a.mp3", "text", None)]
    assert plan(["a.mp3", "b.mp3"], "markdown", None) == [
        Job("a.mp3", "markdown", None),
        Job("b.mp3", "markdown", None),
    ]


@pytest.mark.parametrize("form", ["vtt", "srt", "json", "docx"])
def test_several_recordings_do_not_go_into_one_file_of_cues(form: str) -> None:
    assert plan(["a.mp3"], form, None) == [Job("a.mp3", form, None)]
    with pytest.raises(ValueError, match="folder"):
        plan(["a.mp3", "b.mp3"], form, None)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("x.vtt", "vtt"),
        ("x.SRT", "srt"),
        ("x.json", "json"),
        ("x.md", "markdown"),
        ("x", "text"),
        ("x.docx", "docx"),
    ],
)
def test_the_ending_of_the_output_tells_the_format(tmp_path: Path, name: str, form: str) -> None:
    assert plan(["a.mp3"], None, str(tmp_path / name)) == [Job("a.mp3", form, tmp_path / name)]
    assert plan(["a.mp3"], "text", str(tmp_path / name))[0].form == "text"


def test_a_terminal_gets_no_word_document(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with pytest.raises(ValueError, match="give --output a file"):
        plan(["a.mp3"], "docx", None)
    assert plan(["a.mp3"], "docx", str(tmp_path / "a"))[0].target == tmp_path / "a"


def test_a_folder_takes_a_file_for_each_recording(tmp_path: Path) -> None:
    expected = [Job("x/a.mp3", "srt", tmp_path / "a.srt"), Job("b.wav", "srt", tmp_path / "b.srt")]
    assert plan(["x/a.mp3", "b.wav"], "srt", str(tmp_path)) == expected
    assert plan(["x/a.mp3"], "srt", str(tmp_path)) == expected[:1]
    new = tmp_path / "new"
    assert plan(["a.mp3"], "srt", f"{new}/") == [Job("a.mp3", "srt", new / "a.srt")]
    assert plan(["-"], None, f"{new}/") == [Job("-", "text", new / "captions.txt")]


def test_recordings_of_one_name_get_files_of_their_own(tmp_path: Path) -> None:
    jobs = plan(["a.mp3", "x/a.wav", "y/A.wav", "z/a.wav"], None, str(tmp_path))
    names = [job.target.name for job in jobs if job.target]
    assert names == ["a.txt", "a.wav.txt", "A-2.txt", "a-3.txt"]


def test_an_output_that_makes_no_sense_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("")
    with pytest.raises(ValueError, match="is a file, and there are several"):
        plan(["a.mp3", "b.mp3"], None, str(file))
    with pytest.raises(ValueError, match="overwritten by its own captions"):
        plan([str(file)], None, str(file))
    with pytest.raises(ValueError, match="overwritten by its own captions"):
        plan([str(tmp_path / "x" / ".." / "a.txt")], "text", str(tmp_path))
    with pytest.raises(ValueError, match="only once"):
        plan(["-", "-"], None, None)
