"""Who may do what with captions that run."""

from bots.slack import places
from bots.slack.call import SlackCall
from bots.slack.workspace import Workspace
from core.errors import UserError


async def manages(workspace: Workspace, channel: str, begun_by: str, user: str) -> bool:
    """Whether somebody may manage what `begun_by` began in a channel: they themselves, whoever made the
    channel, and who manages the workspace.
    """
    if user == begun_by or await places.administers(workspace, user):
        return True
    return await places.made(workspace, channel) == user


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
    if not await _manages(call, user):
        raise UserError(
            f"Only <@{call.started_by}>, who started captions, whoever made the channel and workspace admins "
            "can show the call elsewhere."
        )
