"""What a close code means."""

import pytest

from bots.discord.voice.closing import After, after


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 3999, 4013, 4015])
def test_the_network_and_a_crashed_server_are_resumed(code: int) -> None:
    assert after(code) is After.RESUME


@pytest.mark.parametrize("code", [4014, 4022])
def test_only_discord_knows_what_follows_when_we_are_out(code: int) -> None:
    assert after(code) is After.WAIT


@pytest.mark.parametrize("code", [4004, 4012, 4016, 4017, 4021])
def test_a_refusal_is_not_argued_with(code: int) -> None:
    assert after(code) is After.REFUSED


@pytest.mark.parametrize("code", [4006, 4009, 4001, 4999])
def test_anything_else_is_begun_anew(code: int) -> None:
    assert after(code) is After.FRESH
