"""What a room is opened with."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Terms:
    """`guests`: whether people without a pass may speak. `private`: it is never shown anywhere else.

    `held`: it was opened for people elsewhere, and stays until it is closed. `origin`: where people talk, as
    readers elsewhere are told. `owner`: the SHA-256 (hex) of the token of whoever opened it, if there is one.
    """

    language: str
    title: str = ""
    guests: bool = True
    private: bool = False
    held: bool = False
    origin: str = "a room in the browser"
    owner: str | None = field(default=None, repr=False)
