"""What somebody meets who has never used it: every answer says what it is about, and none is missing."""

from datetime import timedelta
from pathlib import Path

import pytest

from bots.slack.commands import SOON, STILL
from bots.slack.starting import FORM
from core.bridge import named
from core.record.recaps.closing import lasted
from tests.bots.slack.office import office


async def test_what_the_form_can_not_do_is_told_with_the_channels_name(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        private = acme.slack.channel(acme.team, "board", acme.ann, bot=False, private=True)
        await acme.ann.shortcut(FORM)
        await acme.until(lambda: acme.ann.state.modals)
        await acme.ann.submit({"channel": {"channel": {"selected_conversation": private.id}}})
        await acme.until(lambda: "/invite @Spokenly" in acme.told(acme.ann))
        assert f"<#{private.id}>: Spokenly is not in this channel" in acme.told(acme.ann)


async def test_who_stops_a_call_is_told_though_slack_lets_nothing_be_said_on_the_card(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        acme.slack.faults.revoked.add(acme.team.bot_token)
        await acme.bob.command("/captions", "stop", channel=acme.general)
        await acme.until(lambda: STILL in acme.told(acme.bob), SOON + 10)
        assert acme.rooms.opened[0].closed


def test_what_a_place_is_told_of_itself_is_true_there() -> None:
    """The notice where a call is shown is read in all of those places."""
    assert named([]) is None
    told = named(["#other on Slack"])
    assert told == "Besides where it takes place, this call is shown elsewhere: #other on Slack."


async def test_who_stops_a_call_in_time_is_not_told_what_the_card_says(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        await acme.bob.command("/captions", "stop", channel=acme.general)
        await acme.until(lambda: acme.finales)
        assert acme.told(acme.bob) == ""


@pytest.mark.parametrize(
    ("seconds", "told"), [(5, "less than a minute"), (60, "1 min"), (100, "2 min"), (3_700, "1 h 2 min")]
)
def test_how_long_a_call_lasted_is_told_as_it_was(seconds: float, told: str) -> None:
    assert lasted(timedelta(seconds=seconds)) == told
