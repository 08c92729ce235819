"""People in a workspace, at their own Slack: they type commands, press buttons, fill in forms."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.slack.sockets import Unacknowledged
from tests.fakes.slack.state import Channel, File, Json, Message, Team, User

if TYPE_CHECKING:
    from tests.fakes.slack.server import FakeSlack


@dataclass(slots=True)
class Answer:
    """What somebody gets for what they did. `failed`: "the app did not respond" was shown."""

    ack: Json = field(default_factory=dict)
    failed: bool = False

    @property
    def errors(self) -> Mapping[str, str]:
        """What a form complains of, by its block."""
        return self.ack.get("errors") or {}


class Place:
    """A channel, as tests look at it."""

    def __init__(self, slack: FakeSlack, channel: Channel) -> None:
        self._slack = slack
        self.state = channel
        self.id = channel.id
        self.name = channel.name

    @property
    def messages(self) -> list[Message]:
        """What stands in the channel for everybody, without threads."""
        return [m for m in self._all() if m.thread_ts in (None, m.ts) and m.seen_by is None]

    def thread(self, first: Message | str) -> list[Message]:
        """The answers in a thread."""
        ts = first if isinstance(first, str) else first.ts
        return [m for m in self._all() if m.thread_ts == ts and m.ts != ts and m.seen_by is None]

    def text(self) -> str:
        """Every word that stands in the channel and its threads for everybody."""
        return "\n".join(words(m) for m in self._all() if m.seen_by is None)

    def _all(self) -> list[Message]:
        return [m for m in self._slack.world.messages if m.channel == self.id and not m.deleted]


class Person:
    """Somebody in a workspace."""

    def __init__(self, slack: FakeSlack, team: Team, user: User) -> None:
        self._slack = slack
        self.team = team
        self.state = user
        self.id = user.id
        self.name = user.name

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def sees(self, place: Place | None = None) -> list[Message]:
        """What was shown to this person alone, there or anywhere, and in direct messages."""
        world = self._slack.world
        direct = {c.id for c in world.channels.values() if c.im and self.id in c.members}
        return [
            m
            for m in world.messages
            if not m.deleted
            and (m.seen_by == self.id or (m.channel in direct and m.user == self.team.bot))
            and (place is None or m.channel == place.id)
        ]

    def reads(self, place: Place, first: Message) -> str:
        """What stands in a thread for this person now.

        A message that is being streamed is live for its recipient alone: everybody else sees no more than
        what came first, until it ends (https://github.com/agentconnect-md/agentconnect/issues/1494).
        """
        now = asyncio.get_running_loop().time()
        return "\n".join(self._read(message, now) for message in place.thread(first))

    def _read(self, message: Message, now: float) -> str:
        stream = message.stream
        if stream is None or stream.recipient == self.id or not self._slack.alive(stream, now):
            return words(message)
        return stream.appends[0][1] if stream.appends else ""

    @property
    def modal(self) -> Json:
        """The form that is open on their screen."""
        return self.state.modals[-1]

    # Doing things

    async def command(self, command: str, text: str = "", *, channel: Place) -> Answer:
        """Types a slash command."""
        answer = await self._deliver(
            "slash_commands",
            {
                "token": "legacy",
                "team_id": self.team.id,
                "team_domain": self.team.name.lower(),
                "channel_id": channel.id,
                "channel_name": _named(channel.state)["name"],
                "user_id": self.id,
                "user_name": self.name.lower(),
                "command": command,
                "text": text,
                "api_app_id": self._slack.app_id,
                "is_enterprise_install": "false",
                "response_url": self._slack.response_url(channel.id, self.id),
                "trigger_id": self._slack.trigger(self.id),
            },
        )
        self._answered(answer, channel.id, None)
        return answer

    async def press(self, message: Message, action: str) -> Answer:
        """Presses a button under a message, by its action_id."""
        element = find(message.blocks, action)
        # What only one person sees does not come along.
        shown = {} if message.seen_by else {"message": self._slack.payload(message)}
        return await self._act(
            element,
            {
                "channel": _named(self._slack.world.channels[message.channel]),
                **shown,
                "container": {
                    "type": "message",
                    "message_ts": message.ts,
                    "channel_id": message.channel,
                    "is_ephemeral": message.seen_by is not None,
                },
                "response_url": self._slack.response_url(message.channel, self.id, message.thread_ts),
            },
            message.channel,
        )

    async def press_home(self, action: str, **chosen: Any) -> Answer:
        """Presses or chooses something in App Home; `chosen`: what the element says then."""
        assert self.state.home is not None
        element = {**find(self.state.home["blocks"], action), **chosen}
        return await self._act(
            element,
            {"view": self.state.home, "container": {"type": "view", "view_id": self.state.home["id"]}},
            None,
        )

    async def submit(self, values: Mapping[str, Mapping[str, Json]] | None = None) -> Answer:
        """Sends the open form. `values`: by block_id and action_id, e.g. {"type": …, "value": …}."""
        view = self.state.modals[-1]
        view = {**view, "state": {"values": {block: dict(one) for block, one in (values or {}).items()}}}
        answer = await self._deliver(
            "interactive",
            {
                "type": "view_submission",
                "view": view,
                "trigger_id": self._slack.trigger(self.id),
                "response_urls": self._responses(view),
                **self._who(self.team),
            },
        )
        if not answer.failed and not answer.errors and self.state.modals:
            action = answer.ack.get("response_action")
            if action == "update":
                self.state.modals[-1] = {**answer.ack["view"], "id": view["id"]}
            elif action == "push":
                self.state.modals.append({**answer.ack["view"], "id": self._slack.world.id("V")})
            elif action == "clear":
                self.state.modals.clear()
            else:
                self.state.modals.pop()
        return answer

    async def shortcut(self, callback: str, message: Message | None = None) -> Answer:
        """Uses a shortcut: of a message, or from anywhere."""
        more: Json = {}
        if message is not None:
            channel = self._slack.world.channels[message.channel]
            more = {
                "message": self._slack.payload(message),
                "message_ts": message.ts,
                "channel": _named(channel),
                "response_url": self._slack.response_url(channel.id, self.id, message.thread_ts),
            }
        return await self._deliver(
            "interactive",
            {
                "type": "shortcut" if message is None else "message_action",
                "callback_id": callback,
                "trigger_id": self._slack.trigger(self.id),
                "action_ts": "1790000000.000001",
                **more,
                **self._who(self.team),
            },
        )

    async def say(self, text: str, *, channel: Place, thread: Message | None = None) -> Message:
        """Writes a message; the app hears of it when it is mentioned."""
        message = Message(
            channel.id,
            self._slack.world.ts(asyncio.get_running_loop().time()),
            self.id,
            text,
            thread_ts=None if thread is None else thread.thread_ts or thread.ts,
        )
        self._slack.add(message)
        await self._mentioned(message, channel)
        return message

    async def upload(
        self,
        name: str,
        content: bytes,
        *,
        channel: Place,
        mimetype: str = "audio/mpeg",
        clip: float | None = None,
        thread: Message | None = None,
        text: str = "",
    ) -> Message:
        """Shares a file. `clip`: it was recorded in Slack and lasts so many seconds."""
        world = self._slack.world
        file = File(world.id("F"), name, self.team.id, self.id, content, mimetype, complete=True)
        file.channels.append(channel.id)
        if clip is not None:
            file.subtype, file.duration_ms = "slack_audio", round(clip * 1000)
        world.files[file.id] = file
        message = Message(
            channel.id,
            world.ts(asyncio.get_running_loop().time()),
            self.id,
            text,
            files=[file.id],
            thread_ts=None if thread is None else thread.thread_ts or thread.ts,
        )
        self._slack.add(message)
        await self._mentioned(message, channel)
        return message

    async def open_home(self) -> None:
        """Opens App Home."""
        event: Json = {"type": "app_home_opened", "user": self.id, "channel": "D0", "tab": "home"}
        if self.state.home is not None:
            event["view"] = self.state.home
        await self._slack.sockets.event(self.team.id, event)

    async def huddle(self, call: str | None) -> None:
        """Joins the huddle of this id, or leaves it (None)."""
        profile = {"huddle_state": "in_a_huddle" if call else "default_unset", "huddle_state_call_id": call}
        user = {"id": self.id, "team_id": self.team.id, "name": self.name.lower(), "profile": profile}
        await self._slack.sockets.event(self.team.id, {"type": "user_huddle_changed", "user": user})

    async def uninstall(self) -> None:
        """Takes the app out of the workspace."""
        self.team.installed = False
        await self._slack.sockets.event(
            self.team.id, {"type": "tokens_revoked", "tokens": {"bot": [self.team.bot]}}
        )
        await self._slack.sockets.event(self.team.id, {"type": "app_uninstalled"})

    def stop_stream(self, message: Message) -> None:
        """Presses Stop on a message that is being written."""
        assert message.stream is not None
        message.stream.stopped_by_user = True

    async def _mentioned(self, message: Message, channel: Place) -> None:
        """The app hears of messages that mention it, where it is."""
        team = self._slack.world.teams[channel.state.team]
        if f"<@{team.bot}>" in message.text and team.bot in channel.state.members:
            event = {**self._slack.payload(message), "type": "app_mention", "channel": channel.id}
            if self.state.bot:
                event["bot_id"] = f"B{self.id[1:]}"
            if self.team.id != team.id:
                event.update(team=self.team.id, user_team=self.team.id, source_team=self.team.id)
            await self._slack.sockets.event(team.id, event)

    async def _act(self, element: Json, more: Json, channel: str | None) -> Answer:
        world = self._slack.world
        home = self.team if channel is None else world.teams[world.channels[channel].team]
        action = {
            **{k: v for k, v in element.items() if k != "text"},
            "action_ts": "1790000000.000001",
            "type": element["type"],
        }
        answer = await self._deliver(
            "interactive",
            {
                "type": "block_actions",
                "trigger_id": self._slack.trigger(self.id),
                "actions": [action],
                **more,
                **self._who(home),
            },
        )
        if channel is not None:
            self._answered(answer, channel, None)
        return answer

    def _responses(self, view: Json) -> list[Json]:
        """Addresses for answers into the channels that were chosen where the form asked for such."""
        found = []
        for block in view["blocks"]:
            element = block.get("element") or {}
            if element.get("response_url_enabled"):
                names = block["block_id"], element["action_id"]
                chosen = view["state"]["values"].get(names[0], {}).get(names[1], {})
                if channel := chosen.get("selected_conversation") or chosen.get("selected_channel"):
                    url = self._slack.response_url(channel, self.id)
                    found.append(
                        dict(zip(("block_id", "action_id"), names, strict=True))
                        | {"channel_id": channel, "response_url": url}
                    )
        return found

    def _who(self, team: Team) -> Json:
        """`team`: the app's where its message is acted on, else the person's own
        (https://github.com/slackapi/java-slack-sdk/issues/1041, …/bolt-js/issues/1614).
        """
        return {
            "user": {"id": self.id, "username": self.name.lower(), "team_id": self.team.id},
            "team": {"id": team.id, "domain": team.name.lower()},
            "api_app_id": self._slack.app_id,
            "token": "legacy",
            "is_enterprise_install": False,
            "enterprise": None,
        }

    def _answered(self, answer: Answer, channel: str, thread: str | None) -> None:
        if answer.ack.get("text") or answer.ack.get("blocks"):
            now = asyncio.get_running_loop().time()
            self._slack.answered(channel, self.id, thread, answer.ack, now)

    async def _deliver(self, kind: str, payload: Json) -> Answer:
        try:
            return Answer(await self._slack.sockets.deliver(kind, payload))
        except Unacknowledged:
            return Answer(failed=True)


def _named(channel: Channel) -> Json:
    """A channel as interactions tell of it."""
    private = channel.private and not channel.mpim
    name = "directmessage" if channel.im else "privategroup" if private else channel.name
    return {"id": channel.id, "name": name}


def find(blocks: list[Json], action: str) -> Json:
    """The element with this action_id. Raises `LookupError` when it is not there."""
    for block in blocks:
        elements = [*(block.get("elements") or []), block.get("accessory"), block.get("element")]
        for element in elements:
            if isinstance(element, dict) and element.get("action_id") == action:
                return {**element, "block_id": block.get("block_id", "")}
    raise LookupError(f"there is nothing with the action_id {action}")


def words(message: Message) -> str:
    """Everything that can be read in a message."""
    return "\n".join([message.text, *_texts(message.blocks)])


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for key, one in value.items() if key != "value" for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return []
