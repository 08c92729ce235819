"""Which addresses nobody but the machine itself can open."""

import pytest

from core.address import only_here


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8080/room/a#pass=b",
        "https://LOCALHOST",
        "http://a.localhost:1",
        "http://127.0.0.1:8080",
        "http://127.1.2.3",
        "http://[::1]:8080/room/a",
        "http://0.0.0.0:8080",
    ],
)
def test_loopback_is_this_machines_own(address: str) -> None:
    assert only_here(address)


@pytest.mark.parametrize(
    "address",
    ["https://captions.example/room/localhost", "http://192.168.0.2:8080", "http://[fe80::1]", "", "/room/a"],
)
def test_what_others_can_open_is_not(address: str) -> None:
    assert not only_here(address)
