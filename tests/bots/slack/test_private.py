"""Private calls: chosen however captions are started, told to everybody, and shown nowhere else."""

from pathlib import Path
from typing import Any

import pytest

from bots.slack import forms
from bots.slack.setup import Setup
from bots.slack.starting import FORM, form
from core.errors import UserError
from tests.bots.slack.office import Office, Shelf, office, words

REFUSED = "This call is private: it can't be shown anywhere else."
TOLD = "private: it can't be shown anywhere else"


async def refused(acme: Office) -> None:
    """Whoever started the call gets no code for it."""
    await acme.ann.command("/captions", "share", channel=acme.general)
    await acme.until(lambda: REFUSED in acme.told(acme.ann))
    assert "The code is" not in acme.told(acme.ann)
    assert acme.bridge.code(acme.rooms.opened[-1]) is None


async def set_up(acme: Office, text: str, told: str) -> None:
    acme.ann.state.admin = True
    await acme.ann.command("/captions", f"setup {text}", channel=acme.general)
    await acme.until(lambda: told in acme.told(acme.ann))


async def test_a_call_is_private_when_whoever_starts_it_says_so(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly private=yes")
        (room,) = acme.rooms.opened
        assert (room.title, room.private) == ("Weekly", True)
        assert TOLD in words(acme.card)
        assert not acme.card.edits, "it says so from the first moment"
        await refused(acme)
        await acme.bob.command("/captions", "status", channel=acme.general)
        await acme.until(lambda: "Private: it can't be shown anywhere else." in acme.told(acme.bob))
        room.joins("Ann")
        await acme.until(lambda: "Heard: Ann" in words(acme.card))
        assert TOLD in words(acme.card), "it stays on the card when that is rewritten"
        room.close("Ann ended captions.")
        await acme.until(lambda: acme.finales)
        assert TOLD in words(acme.card)


async def test_a_call_is_not_private_unless_somebody_says_so(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly private=no")
        assert not acme.rooms.opened[0].private
        assert "private" not in words(acme.card)
        await acme.ann.command("/captions", "share", channel=acme.general)
        await acme.until(lambda: "The code is" in acme.told(acme.ann))
        await acme.ann.command("/captions", "status", channel=acme.general)
        await acme.until(lambda: "Captions by" in acme.told(acme.ann))
        assert "rivate" not in acme.told(acme.ann)


@pytest.mark.parametrize("ticked", [True, False])
async def test_the_shortcut_has_a_box_for_it(tmp_path: Path, *, ticked: bool) -> None:
    async with office(tmp_path) as acme:
        await acme.ann.shortcut(FORM)
        await acme.until(lambda: acme.ann.state.modals)
        (box,) = [one for one in acme.ann.modal["blocks"] if one["block_id"] == "private"]
        assert box["optional"]
        chosen = box["element"]["options"] if ticked else []
        values: dict[str, dict[str, Any]] = {
            "channel": {"channel": {"selected_conversation": acme.general.id}},
            "private": {"private": {"type": "checkboxes", "selected_options": chosen}},
        }
        await acme.ann.submit(values)
        await acme.until(lambda: "Go to the room" in acme.told(acme.ann))
        assert acme.rooms.opened[0].private is ticked


async def test_in_a_channel_that_is_set_up_so_every_call_is_private(tmp_path: Path) -> None:
    shelf = Shelf()
    async with office(tmp_path, shelf=shelf) as acme:
        await set_up(acme, "private=yes", "so that no call can be shown anywhere else: yes")
        await acme.start()
        assert acme.rooms.opened[0].private
        assert TOLD in words(acme.card)
        await refused(acme)
    assert shelf.spaces[f"slack:{acme.team.id}"][f"channel:{acme.general.id}"] == {"private": True}


async def test_nobody_who_starts_captions_undoes_what_a_channel_is_set_up_for(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await set_up(acme, "private=yes", "so that no call can be shown anywhere else: yes")
        await acme.bob.command("/captions", "start private=no", channel=acme.general)
        await acme.until(lambda: "Calls in this channel are private" in acme.told(acme.bob))
        assert not acme.rooms.opened
        assert not acme.general.messages
        await set_up(acme, "private=no", "so that no call can be shown anywhere else: no")
        await acme.bob.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: acme.rooms.opened)
        assert not acme.rooms.opened[0].private


async def test_what_is_neither_yes_nor_no_starts_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.ann.command("/captions", "start private=maybe", channel=acme.general)
        await acme.until(lambda: "`private=` is yes or no." in acme.told(acme.ann))
        assert not acme.rooms.opened


def test_a_channel_chooses_for_itself_and_else_as_its_workspace() -> None:
    private, open_to_all, silent = Setup(private=True), Setup(private=False), Setup()
    assert silent.over(private).closes(None)
    assert not open_to_all.over(private).closes(None)
    assert open_to_all.over(private).closes(True)
    assert private.over(open_to_all).closes(None)
    assert private.closes(True)
    assert not silent.closes(False)
    with pytest.raises(UserError, match="private=no"):
        silent.over(private).closes(False)


@pytest.mark.parametrize("channel", ["C1", ""])
@pytest.mark.parametrize(("chosen", "private"), [("yes", True), ("no", False), ("default", None)])
def test_the_form_of_a_channel_and_of_a_workspace_asks_for_it(
    channel: str, chosen: str, private: bool | None
) -> None:
    values = {"private": {"private": {"selected_option": {"value": chosen}}}}
    sent = forms.filled({"private_metadata": channel, "state": {"values": values}}, Setup(private=True))
    assert sent.private is private
    shown = {one["block_id"]: one["element"] for one in forms.form(channel, sent)["blocks"][1:]}
    assert shown["private"]["initial_option"]["value"] == chosen


def test_the_box_says_what_it_does_and_what_it_does_not() -> None:
    box = form()["blocks"][-1]
    assert box["element"]["options"][0]["text"]["text"] == "Private: it can't be shown anywhere else"
    assert "Who can read the channel" in box["hint"]["text"]
