"""Captions as people on Slack start, follow and stop them."""

from pathlib import Path

from tests.bots.slack.office import office, words


async def test_a_command_posts_a_card_and_gives_whoever_asked_their_own_link(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly")
        assert "Weekly" in words(acme.card)
        (room,) = acme.rooms.opened
        assert room.title == "Weekly"
        assert room.space == f"slack:{acme.team.id}"
        assert room.passes == [("Ann", f"slack:{acme.team.id}:{acme.ann.id}", 3600.0)]
        assert "pass=" not in acme.general.text(), "the link is nobody else's"
