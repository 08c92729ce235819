"""The server's MLS: proved on a message of Discord's own, and by the two implementations that clients use."""

import base64

import dave
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.fakes.discord.voice import Davey, LibDave, mls
from tests.fakes.discord.voice.crypt import Crypt, Unusable
from tests.fakes.discord.voice.group import Group
from tests.fakes.discord.voice.mls import ExternalSender, Reader, Refused

# What the real Discord sent once: op 25, op 27 that adds somebody, op 27 that takes it back. davey's own
# tests carry these messages.
EXTERNAL_SENDER = base64.b64decode(
    "QEEEyhorECUB0Gcr1F7XT/uD4HiyulsSw/afrVbwg7ajX8mJxnNrWFK1rs383yBuFW09HbqOPlsvifwMFvEWFOhOSgABAQA="
)
ADDING = base64.b64decode(
    "QfAAAQABCAzed+rcgjAzAAAAAAAAAAACAAAAAAACAAEAAQACQEEEphrNNP8FSOb3Z8xN+WGbUbpYFNUu5VgoT8VUQFdo6edB"
    "ujInZBSUG3wBkNy138M0mhaPEkfsvfb8afPuyrN2XUBBBPRNok5aqfc3lvo4vhFVVua31Pa6VdLsw/G50ZivYjfj/I/GNZlr"
    "bHbne0rKzjP1z9dFrQ1UDdbwPw2oXILhRxRAQQTneTmF7QdK9JVotTzy45dGiCefAu6NfH3wmc48ehoo50f1mnx8I+nvT3gV"
    "+zRp856hJPi3ZxLEG3Y6Vbhn5rSLAAEIAjM5mUACAAACAAECAAIAAAIAAQEAAAAAAAAAAP//////////AEBIMEYCIQDYdNx3"
    "fU7efm0zdPc3vBOUrA/9BjWr3J0Cs+NZ4FlGagIhAOYul679XGsy/wrFxRWdvpT29aAb0N0UqdzE0eYkiXKsAEBHMEUCIFFo"
    "q9+Ng6SNr41ZYK+zBQIt5wfHSWCH/rQwBMn9K+XoAiEAgxKm9t8f9ZNnGjn5lm9tHK70PgxtU8dDALoInO7s+/RARzBFAiEA"
    "zb6AS6Bqm+F2Ff48f5BV8xptDqlALdn9ptEJ6aPLYysCIGdAnln2t/Cj7d0zCgkqbBPZnRKrrr4NbUCg2uQ1wqei"
)
REVOKING = base64.b64decode("ISBiOG/7ILKPVWskZcCiUguisHT8oA6Usv3rwEltVEzWwA==")

CHANNEL = 927310423890473011
NEWCOMER = 158533742254751744


def one_message(vector: bytes) -> bytes:
    reader = Reader(vector)
    message = reader.vector()
    assert not reader.rest
    return message


def test_discords_own_proposal_is_signed_as_ours_are() -> None:
    message = one_message(ADDING)
    sender = Reader(EXTERNAL_SENDER)
    key = sender.vector()
    assert sender.rest == b"\x00\x01\x01\x00"
    assert ExternalSender().package[-4:] == sender.rest
    reader = Reader(message)
    reader.take(4)
    assert reader.vector() == CHANNEL.to_bytes(8, "big")
    # The signature is the last vector of the message: 0x40 0x47 and 71 bytes.
    mls.verify(key, "FramedContentTBS", message[:-73], message[-71:])
    with pytest.raises(Refused):
        mls.verify(key, "FramedContentTBS", message[:-74] + b"!", message[-71:])


def test_discords_own_proposal_is_taken_back_by_the_reference_that_we_reckon() -> None:
    reference = mls.Proposal(one_message(ADDING)).ref
    assert mls.vector(mls.vector(reference)) == REVOKING


def test_the_key_package_that_discord_relayed_is_good_in_all_its_signatures() -> None:
    message = one_message(ADDING)
    raw = message[4 + 9 + 8 + 5 + 1 + 1 + 2 : -73]
    package = mls.read_key_package(raw)
    assert package.user == NEWCOMER
    assert mls.read_key_package(b"\0\1\0\5" + raw) == package
    for place in (10, 100, len(raw) - 3):
        with pytest.raises(Refused):
            mls.read_key_package(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])


class Call:
    """A group and its members, without any server around them."""

    def __init__(self, **members: Crypt) -> None:
        self.crypts = {number: crypt for number, crypt in enumerate(members.values(), 101)}
        self.sender = ExternalSender()
        self.packages = {}
        for user, crypt in self.crypts.items():
            crypt.trust(self.sender.package)
            self.packages[user] = mls.read_key_package(crypt.begin(555))
        self.group = Group(self.sender, 555, 101)

    def settle(self, *payloads: bytes) -> None:
        """Everybody inside gets the proposals; the first who commits makes the epoch."""
        members, answer, who = sorted(self.group.members - self.group.leaving), None, 0
        for user in members:
            for payload in payloads:
                said = self.crypts[user].proposals(payload, set(self.crypts))
                if said and (answer is None or who == user):
                    answer, who = said, user
        assert answer
        accepted = self.group.accept(who, answer)
        for user in self.group.members:
            if user in accepted.welcomes:
                assert self.crypts[user].welcome(accepted.welcomes[user], set(self.crypts))
            else:
                assert self.crypts[user].commit(accepted.commit)

    def hears(self, by: int, who: int) -> bool:
        frame = self.crypts[by].encrypt(b"\x78" + bytes(range(60)), by)
        assert frame
        return self.crypts[who].decrypt(by, frame) == b"\x78" + bytes(range(60))

    def authenticators(self) -> int:
        return len({self.crypts[user].authenticator for user in self.group.members})


BOTH = pytest.mark.parametrize("first", [Davey, LibDave])


@BOTH
def test_members_come_and_go_and_come_again(first: type[Davey] | type[LibDave]) -> None:
    second = LibDave if first is Davey else Davey
    call = Call(a=first(101), b=second(102), c=first(103))
    call.settle(call.group.add(call.packages[102]))
    assert call.hears(101, 102)
    assert call.hears(102, 101)
    call.settle(call.group.add(call.packages[103]))
    assert all(call.hears(one, other) for one in (101, 102, 103) for other in (101, 102, 103) if one != other)
    call.settle(call.group.remove(102))
    assert call.group.epoch == 3
    assert call.hears(101, 103)
    assert not call.hears(101, 102)
    call.packages[102] = mls.read_key_package(call.crypts[102].begin(555))
    call.settle(call.group.add(call.packages[102]))
    assert call.hears(102, 103)
    assert call.authenticators() == 1


@BOTH
def test_somebody_is_replaced_by_themselves_in_one_commit(first: type[Davey] | type[LibDave]) -> None:
    call = Call(a=first(101), b=LibDave(102), c=Davey(103))
    call.settle(call.group.add(call.packages[102]), call.group.add(call.packages[103]))
    assert call.group.epoch == 1
    again = mls.read_key_package(call.crypts[103].begin(555))
    call.settle(call.group.remove(103), call.group.add(again))
    assert call.group.epoch == 2
    assert call.authenticators() == 1
    assert call.hears(101, 103)
    assert call.hears(103, 101)


@BOTH
def test_a_proposal_that_was_taken_back_is_not_committed(first: type[Davey] | type[LibDave]) -> None:
    call = Call(a=first(101), b=Davey(102), c=LibDave(103))
    add, take_back = call.group.add(call.packages[102]), call.group.revoke(102)
    call.settle(add, take_back, call.group.add(call.packages[103]))
    assert call.group.members == {101, 103}
    assert call.hears(103, 101)


@BOTH
def test_proposals_of_another_epoch_are_unusable_and_harmless(first: type[Davey] | type[LibDave]) -> None:
    call = Call(a=first(101), b=Davey(102))
    call.settle(call.group.add(call.packages[102]))
    with pytest.raises(Unusable):
        call.crypts[101].proposals(call.group.stranger(), {101, 102})
    assert call.hears(101, 102)


def test_a_late_commit_a_partial_one_and_one_from_elsewhere_are_refused() -> None:
    call = Call(a=Davey(101), b=Davey(102), c=Davey(103))
    early = call.crypts[101].proposals(call.group.add(call.packages[102]), {101, 102, 103})
    assert early
    with pytest.raises(Refused, match="somebody else"):
        call.group.accept(102, early)
    call.group.add(call.packages[103])
    with pytest.raises(Refused, match="what is proposed"):
        call.group.accept(101, early)
    whole = call.crypts[101].proposals(call.group.pending(), {101, 102, 103})
    assert whole
    with pytest.raises(Refused):
        call.group.accept(101, whole[:-1])
    call.group.accept(101, whole)
    with pytest.raises(Refused, match="epoch 0"):
        call.group.accept(101, whole)


def test_both_implementations_speak_the_same_version() -> None:
    assert dave.get_max_supported_protocol_version() == 1


@given(some.binary(max_size=600))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    for read in (mls.read_key_package, mls.read_commit, mls.read_welcome):
        try:
            read(data)
        except Refused:
            continue


@given(some.binary(max_size=1 << 15))
def test_a_vector_is_read_as_it_was_written(data: bytes) -> None:
    reader = Reader(mls.vector(data) + b"!")
    assert reader.vector() == data
    assert reader.rest == b"!"
