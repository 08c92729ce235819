"""What the page's files hold, without a browser."""

import re

import pytest

from tests.fakes.files import PAGE

STYLE = (PAGE / "style.css").read_text()


def test_the_page_brings_everything_itself() -> None:
    for file in PAGE.iterdir():
        text = file.read_text()
        assert "innerHTML" not in text
        assert not re.search(r"<[^>]+\s(style|on\w+)=", text), f"inline style or script in {file.name}"
        assert not re.search(r"(src|href|import|from|url)\W{1,3}(https?:)?//", text), (
            f"foreign address in {file.name}"
        )


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _themes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r"(:root[^{]*)\{([^}]*--paper:[^}]*)\}", STYLE)
    return {head.strip(): dict(re.findall(r"(--[\w-]+): (#\w+)", body)) for head, body in blocks}


@pytest.mark.parametrize(("theme", "colours"), _themes().items())
def test_every_ink_can_be_read_on_its_paper(theme: str, colours: dict[str, str]) -> None:
    for name, colour in colours.items():
        for paper in ("--paper", "--paper-2", "--field"):
            ratio = _contrast(colour, colours[paper])
            if name.startswith(("--ink", "--speaker", "--signal")):
                assert ratio >= 4.5, f"{theme} {name} on {paper}: {ratio:.2f}"
            if name in ("--edge", "--focus"):
                assert ratio >= 3, f"{theme} {name} on {paper}: {ratio:.2f}"
    assert _contrast(colours["--on-ink"], colours["--ink"]) >= 7
    assert _contrast(colours["--mark"], colours["--ink"]) >= 7


def test_the_dark_theme_is_the_same_by_choice_and_by_device() -> None:
    themes = _themes()
    assert len(themes) == 3
    assert themes[':root:not([data-theme="light"])'] == themes[':root[data-theme="dark"]']
