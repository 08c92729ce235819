"""A Slack of our own: the wire, the rules and the limits of the real one, as far as Spokenly meets them."""

from tests.fakes.slack.people import Person, Place, words
from tests.fakes.slack.server import Called, FakeSlack
from tests.fakes.slack.state import Message, Team

__all__ = ["Called", "FakeSlack", "Message", "Person", "Place", "Team", "words"]
