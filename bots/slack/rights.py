"""Who may do what with captions that run.

People of another workspace, with which a channel is shared (Slack Connect), may start captions, open the
room, catch up and end what they started, as anybody in the channel may. What this workspace decides for
itself is not theirs: how its channels are set up, and where its calls are shown. That they made the channel,
or manage the workspace that they are of, makes no difference.
"""

from bots.slack import places
from bots.slack.call import SlackCall
from bots.slack.workspace import Workspace
from core.errors import UserError


async def manages(workspace: Workspace, channel: str, begun_by: str, user: str) -> bool:
    """Whether somebody may manage what `begun_by` began in a channel: they themselves, whoever made the
    channel, if they are of the workspace, and who manages the workspace.

    Raises `UserError` where Slack does not tell whether who made the channel is of the workspace.
    """
    if user == begun_by or await places.administers(workspace, user):
        return True
    home = (await places.member(workspace, user)).home
    if home or await places.made(workspace, channel) != user:
        return False
    if home is None:
        raise UserError(places.UNKNOWN_HOME)
    return True


async def _manages(call: SlackCall, user: str) -> bool:
    return await manages(call.workspace, call.thread.channel, call.started_by, user)


async def allow_end(call: SlackCall, user: str) -> None:
    """Raises `UserError` unless somebody may end a call: who manages it, and anyone while nobody is heard or
    once who started it has left the channel.
    """
    if call.room.state != "live" or await _manages(call, user):
        return
    if not await places.present(call.workspace, call.thread.channel, call.started_by):
        return
    raise UserError(
        f"Only <@{call.started_by}>, who started captions, whoever made the channel and workspace admins "
        "can stop them while people speak."
    )


async def allow_share(call: SlackCall, user: str) -> None:
    """Raises `UserError` unless somebody may show a call elsewhere: who manages it."""
    home = (await places.member(call.workspace, user)).home
    if home is None:
        raise UserError(places.UNKNOWN_HOME)
    if home:
        raise UserError("Only people of the workspace that Spokenly is in can show the call elsewhere.")
    if not await _manages(call, user):
        raise UserError(
            f"Only <@{call.started_by}>, who started captions, whoever made the channel and workspace admins "
            "can show the call elsewhere."
        )


async def allow_transcribe(workspace: Workspace, channel: str, user: str) -> None:
    """Raises `UserError` unless somebody may have a recording of a channel written down: who is in it.

    The words come into the channel, so nobody learns what they could not hear.
    """
    if not places.direct(channel) and not await places.inside(workspace, channel, user):
        raise UserError("Only people in a channel can have its recordings transcribed: join it first.")


async def allow_start(workspace: Workspace, channel: str, user: str) -> None:
    """Raises `UserError` unless somebody who is elsewhere may start captions in a channel: who is in it."""
    if not places.direct(channel) and not await places.inside(workspace, channel, user):
        raise UserError("Only people in a channel can start captions there: join it first.")
