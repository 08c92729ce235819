"""The servers that help two machines to find each other, as settings and clients name them."""

import pytest
from aiortc.rtcicetransport import connection_kwargs

from bots.meet.ice import read_server, read_servers
from core.errors import UserError


def test_a_turn_server_is_told_to_clients_with_its_credentials() -> None:
    server = read_server("turn:turn.example:3478?transport=tcp&user=ann&password=a%22b")
    assert server.link() == (
        '<turn:turn.example:3478?transport=tcp>; rel="ice-server"; username="ann"; '
        'credential="a\\"b"; credential-type="password"'
    )
    assert "a%22b" not in repr(server)
    assert 'a"b' not in repr(server)


def test_a_stun_server_needs_no_credentials() -> None:
    assert read_server(" stun:stun.example ").link() == '<stun:stun.example>; rel="ice-server"'


def test_the_library_understands_every_server() -> None:
    servers = read_servers(["stun:stun.example:5000", "turns:turn.example?transport=tcp&user=u&password=p"])
    known = connection_kwargs([server.configured() for server in servers])
    assert known["stun_server"] == ("stun.example", 5000)
    assert (known["turn_server"], known["turn_username"]) == (("turn.example", 5349), "u")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://stun.example",
        "stun:",
        "turn:turn.example",
        "turn:turn.example?user=u",
        "stun:stun.example?user=u&password=hush",
        "turn:turn.example?user=u&password=hush&colour=red",
        "turn:turn.example?transport=carrier&user=u&password=hush",
    ],
)
def test_a_bad_server_is_one_sentence_without_its_password(text: str) -> None:
    with pytest.raises(UserError) as error:
        read_server(text)
    assert "hush" not in str(error.value)
