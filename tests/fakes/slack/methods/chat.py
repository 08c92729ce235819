"""chat.*: messages and streams."""

from __future__ import annotations

from tests.fakes.slack.blocks import faults, length
from tests.fakes.slack.methods import Call, Refused, method
from tests.fakes.slack.state import Edit, Json, Message, Stream


def blocks(call: Call) -> list[Json]:
    """The blocks of a message. Raises `Refused` for those that Slack would not take."""
    given: list[Json] = call.args.get("blocks") or []
    limits = call.slack.limits
    if given and call.slack.faults.blocks:
        raise Refused("invalid_blocks")
    if found := faults(given, limits, most=limits.blocks):
        raise Refused("invalid_blocks", response_metadata={"messages": [f"[ERROR] {one}" for one in found]})
    if length(given) > limits.blocks_text:
        raise Refused("msg_blocks_too_long")
    return given


def text(call: Call, longest: int | None = None) -> tuple[str, bool]:
    """What a message says, and whether it is Markdown."""
    limits = call.slack.limits
    markdown = call.args.get("markdown_text")
    if markdown:
        if call.args.get("text") or call.args.get("blocks"):
            raise Refused("markdown_text_conflict")
        if len(markdown) > limits.markdown:
            raise Refused("msg_too_long")
        return str(markdown), True
    said = str(call.args.get("text") or "")
    if longest is not None and len(said) > longest:
        raise Refused("msg_too_long")
    return said[: limits.text], False


def _thread(call: Call, channel: str) -> str | None:
    wanted = call.args.get("thread_ts")
    if not wanted:
        return None
    first = call.slack.world.message(channel, str(wanted))
    if first is None:
        raise Refused("thread_not_found")
    return first.thread_ts or first.ts


@method("chat.postMessage", "chat:write")
def post(call: Call) -> Json:
    channel = call.channel(write=True)
    said, markdown = text(call)
    shown = blocks(call)
    if not said and not shown and not call.args.get("attachments"):
        raise Refused("no_text")
    message = Message(
        channel.id,
        call.slack.world.ts(call.now),
        call.team.bot,
        said,
        shown,
        thread_ts=_thread(call, channel.id),
        markdown=markdown,
        metadata=call.args.get("metadata"),
    )
    call.slack.add(message)
    return {"channel": channel.id, "ts": message.ts, "message": call.slack.payload(message)}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(call: Call) -> Json:
    channel = call.channel(write=True)
    user = call.known(str(call.need("user")))
    if user.id not in channel.members:
        raise Refused("user_not_in_channel")
    said, markdown = text(call)
    message = Message(
        channel.id,
        call.slack.world.ts(call.now),
        call.team.bot,
        said,
        blocks(call),
        thread_ts=_thread(call, channel.id),
        seen_by=user.id,
        markdown=markdown,
    )
    call.slack.add(message)
    return {"message_ts": message.ts}


def _own(call: Call) -> Message:
    channel = call.channel()
    message = call.slack.world.message(channel.id, str(call.need("ts")))
    if message is None or message.seen_by:
        raise Refused("message_not_found")
    if message.user != call.team.bot:
        raise Refused("cant_update_message")
    if channel.archived:
        raise Refused("is_archived")
    return message


@method("chat.update", "chat:write")
def update(call: Call) -> Json:
    message = _own(call)
    if message.stream is not None and call.slack.alive(message.stream, call.now):
        raise Refused("streaming_state_conflict")
    message.text, message.markdown = text(call, call.slack.limits.update)
    message.blocks = blocks(call)
    message.edits.append(Edit(call.now, message.text, message.blocks))
    return {"channel": message.channel, "ts": message.ts, "text": message.text}


@method("chat.delete", "chat:write")
def delete(call: Call) -> Json:
    message = _own(call)
    message.deleted = True
    return {"channel": message.channel, "ts": message.ts}


@method("chat.startStream", "chat:write")
def start_stream(call: Call) -> Json:
    channel = call.channel(write=True)
    if not call.args.get("thread_ts"):
        raise Refused("invalid_thread_ts")
    if not channel.im:
        recipient = str(call.args.get("recipient_user_id") or "")
        if not recipient or not call.args.get("recipient_team_id"):
            raise Refused("missing_recipient_user_id" if not recipient else "missing_recipient_team_id")
        if call.known(recipient).team != call.args["recipient_team_id"]:
            raise Refused("user_not_found")
    stream = Stream(call.now, str(call.args.get("recipient_user_id") or ""))
    message = Message(
        channel.id,
        call.slack.world.ts(call.now),
        call.team.bot,
        "",
        thread_ts=_thread(call, channel.id),
        stream=stream,
        markdown=True,
    )
    _append(call, message, needed=False)
    call.slack.add(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.appendStream", "chat:write")
def append_stream(call: Call) -> Json:
    message = _streaming(call)
    _append(call, message, needed=True)
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", "chat:write")
def stop_stream(call: Call) -> Json:
    message = _streaming(call)
    _append(call, message, needed=False)
    message.blocks = blocks(call)
    assert message.stream is not None
    message.stream.open = False
    return {"channel": message.channel, "ts": message.ts, "message": call.slack.payload(message)}


def _streaming(call: Call) -> Message:
    message = _own(call)
    if message.stream is None or not call.slack.alive(message.stream, call.now):
        raise Refused("message_not_in_streaming_state")
    return message


def _append(call: Call, message: Message, *, needed: bool) -> None:
    said = str(call.args.get("markdown_text") or "")
    if len(said) > call.slack.limits.markdown:
        raise Refused("msg_too_long")
    if needed and not said:
        raise Refused("no_text")
    assert message.stream is not None
    if said:
        message.stream.appends.append((call.now, said))
        message.text += said
