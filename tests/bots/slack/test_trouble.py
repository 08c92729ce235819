"""What Slack refuses, in our words."""

from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bots.slack.patience import undone
from bots.slack.trouble import blocks_refused, failed, limited, outlet_error, user_error
from core.errors import OutletBusy, OutletGone
from tests.bots.slack.office import office


def refusal(name: str = "", status: int = 200) -> SlackApiError:
    """Slack's answer; without a name it is none that could be read."""
    data = {"ok": False, "error": name} if name else {}
    response = AsyncSlackResponse(
        client=None, http_verb="POST", api_url="", req_args={}, data=data, headers={}, status_code=status
    )
    return SlackApiError("refused", response)  # type: ignore[no-untyped-call]  # the SDK's own


@pytest.mark.parametrize(
    "error",
    [
        refusal("ratelimited", 429),
        refusal("rate_limited"),
        refusal("message_limit_exceeded"),
        refusal(status=429),
        refusal("something_new", 429),
    ],
)
def test_patience_is_asked_for_by_several_names_and_by_the_status_alone(error: SlackApiError) -> None:
    assert limited(error)
    assert undone(error)
    assert "patience" in str(user_error(error))
    assert isinstance(outlet_error(error), OutletBusy)


def test_other_refusals_and_silence_ask_for_no_patience() -> None:
    for error in (refusal("is_archived"), refusal("internal_error"), refusal(status=503), OSError()):
        assert not limited(error)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("channel_is_limited_access", "keeps apps out of this channel"),
        ("too_many_members", "as many members as Slack allows"),
        ("method_not_supported_for_channel_type", "in this kind of channel"),
        ("restricted_action_thread_only_channel", "Only threads are written in this channel"),
        ("restricted_action_non_threadable_channel", "has no threads"),
        ("a_name_nobody_knows", "Slack refused that (a_name_nobody_knows): try again"),
        ("internal_error", "Slack failed at that (internal_error): try again in a minute."),
    ],
)
def test_what_slack_says_by_name_is_never_told_as_silence(name: str, says: str) -> None:
    told = str(user_error(refusal(name)))
    assert says in told
    assert "can't be reached" not in told


@pytest.mark.parametrize("error", [refusal(status=503), OSError(), TimeoutError()])
def test_only_where_no_answer_came_slack_can_not_be_reached(error: Exception) -> None:
    assert str(user_error(error)) == "Slack can't be reached now: try again in a minute."


@pytest.mark.parametrize(
    "name",
    [
        "channel_is_limited_access",
        "method_not_supported_for_channel_type",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_only_channel",
    ],
)
def test_channels_that_never_take_captions_are_left_for_good(name: str) -> None:
    assert isinstance(outlet_error(refusal(name)), OutletGone)


def test_blocks_are_refused_by_several_names() -> None:
    for name in ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_blocks_too_many"):
        assert blocks_refused(refusal(name))
        assert not failed(refusal(name))
    assert not blocks_refused(refusal("invalid_arguments"))


async def test_whoever_starts_captions_is_told_what_slack_refused(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        channel = acme.slack.channel(acme.team, "full", acme.ann, bot=False)
        acme.slack.faults.errors["conversations.join"] = ["too_many_members"]
        await acme.ann.command("/captions", "start", channel=channel)
        await acme.until(lambda: "as many members as Slack allows" in acme.told(acme.ann))
