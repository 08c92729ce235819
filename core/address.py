"""The address under which people open Spokenly in a browser. Pure."""

from ipaddress import ip_address
from urllib.parse import urlsplit

ONLY_HERE = (
    "This link opens only on the machine that Spokenly runs on, until whoever runs it lets others in (its "
    "README says how) and sets SPOKENLY_PUBLIC_URL."
)
"""What people are told who get a link that is `only_here`."""


def only_here(address: str) -> bool:
    """Whether nobody but this machine itself gets there."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified
