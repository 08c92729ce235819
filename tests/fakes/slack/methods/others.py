"""Everything that is not chat.*: who is there, files, views, canvases."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.slack.blocks import view_faults
from tests.fakes.slack.methods import Call, Refused, method
from tests.fakes.slack.state import Canvas, Channel, File, Json, Message, User

KINDS = ("channels", "groups", "mpim", "im")
"""What scopes tell apart; any one lets a method be called, and its channel's own is needed then."""


@method("auth.test")
def auth_test(call: Call) -> Json:
    return {
        "url": f"https://{call.team.name.lower()}.slack.com/",
        "team": call.team.name,
        "team_id": call.team.id,
        "user": call.slack.world.users[call.team.bot].name,
        "user_id": call.team.bot,
        "bot_id": f"B{call.team.bot[1:]}",
        "is_enterprise_install": call.team.whole,
    }


@method("team.info", "team:read")
def team_info(call: Call) -> Json:
    return {"team": {"id": call.team.id, "name": call.team.name}}


def _user(user: User) -> Json:
    return {
        "id": user.id,
        "team_id": user.team,
        "name": user.name.lower(),
        "real_name": user.name,
        "locale": user.locale,
        "is_bot": user.bot,
        "deleted": user.deleted,
        "is_admin": user.admin,
        "is_owner": False,
        "is_restricted": user.guest,
        "is_ultra_restricted": False,
        "tz": "Europe/Berlin",
        "profile": {"display_name": user.name, "real_name": user.name},
        "is_stranger": False,
    }


@method("users.info", "users:read")
def users_info(call: Call) -> Json:
    return {"user": _user(call.known(str(call.need("user"))))}


def _channel(call: Call, channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.im,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_ext_shared": call.slack.foreign(channel),
        "is_im": channel.im,
        "is_mpim": channel.mpim,
        "creator": channel.creator,
        "is_member": call.team.bot in channel.members,
        "num_members": len(channel.members),
    }


@method("conversations.info", *(f"{kind}:read" for kind in KINDS))
def conversations_info(call: Call) -> Json:
    return {"channel": _channel(call, call.seen("read"))}


@method("conversations.members", *(f"{kind}:read" for kind in KINDS))
def conversations_members(call: Call) -> Json:
    return call.page(sorted(call.seen("read").members), "members")


@method("users.conversations", "channels:read", "groups:read")
def users_conversations(call: Call) -> Json:
    """The channels somebody is in: private ones only where the bot is, too."""
    user = call.user(str(call.need("user")))
    types = str(call.args.get("types") or "public_channel").split(",")
    found = [
        _channel(call, channel)
        for channel in call.slack.world.channels.values()
        if channel.team == call.team.id and user.id in channel.members and not channel.im
        if ("private_channel" if channel.private else "public_channel") in types
        if not channel.private or call.team.bot in channel.members
    ]
    return call.page(found, "channels")


@method("conversations.join", "channels:join")
def conversations_join(call: Call) -> Json:
    channel = call.channel()
    if channel.archived:
        raise Refused("is_archived")
    channel.members.add(call.team.bot)
    return {"channel": _channel(call, channel)}


@method("conversations.open", "im:write")
def conversations_open(call: Call) -> Json:
    user = call.user(str(call.need("users")))
    return {"channel": {"id": call.slack.direct(call.team, user.id).id}}


@method("conversations.replies", *(f"{kind}:history" for kind in KINDS))
def conversations_replies(call: Call) -> Json:
    channel = call.seen("history")
    call.limit()
    thread = call.slack.world.thread(channel.id, str(call.need("ts")))
    if not thread:
        raise Refused("thread_not_found")
    return {"messages": [call.slack.payload(message) for message in thread], "has_more": False}


# Files


@method("files.getUploadURLExternal", "files:write")
def get_upload_url(call: Call) -> Json:
    length = int(call.need("length"))
    if length > call.slack.limits.upload:
        raise Refused("file_upload_size_restricted")
    file = File(call.slack.world.id("F"), str(call.need("filename")), call.team.id, call.team.bot)
    call.slack.world.files[file.id] = file
    return {"upload_url": f"{call.slack.url}/upload/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal", "files:write")
def complete_upload(call: Call) -> Json:
    given = call.need("files")
    listed: list[Json] = json.loads(given) if isinstance(given, str) else given
    done = []
    for one in listed:
        file = call.slack.world.files.get(str(one.get("id")))
        if file is None or not file.content:
            raise Refused("file_not_found")
        file.title, file.complete = str(one.get("title") or file.name), True
        done.append(file)
    target = call.args.get("channel_id") or call.args.get("channels")
    if target:
        where = Call(call.slack, call.team, {**call.args, "channel": target}, call.now).channel(write=True)
        for file in done:
            file.channels.append(where.id)
        thread = call.args.get("thread_ts")
        call.slack.add(
            Message(
                where.id,
                call.slack.world.ts(call.now),
                call.team.bot,
                str(call.args.get("initial_comment") or ""),
                thread_ts=str(thread) if thread else None,
                files=[file.id for file in done],
            )
        )
    return {"files": [call.slack.file(file) for file in done]}


@method("files.info", "files:read")
def files_info(call: Call) -> Json:
    file = call.slack.world.files.get(str(call.need("file")))
    if file is None or not call.slack.sees(call.team, file):
        raise Refused("file_not_found")
    if file.deleted:
        raise Refused("file_deleted")
    return {"file": call.slack.file(file)}


# Views


def _view(call: Call) -> Json:
    given = call.need("view")
    text = given if isinstance(given, str) else json.dumps(given)
    if len(text.encode()) > call.slack.limits.view:
        raise Refused("view_too_large")
    view: Json = json.loads(text)
    if view.get("type") not in ("modal", "home"):
        raise Refused("invalid_arguments")
    if found := view_faults(view, call.slack.limits):
        raise Refused(
            "invalid_arguments", response_metadata={"messages": [f"[ERROR] {one}" for one in found]}
        )
    view["app_installed_team_id"] = call.team.id
    view.update(id=call.slack.world.id("V"), team_id=call.team.id, app_id=call.slack.app_id, hash="1.a")
    view.setdefault("private_metadata", "")
    view.setdefault("callback_id", "")
    view["state"] = {"values": {}}
    return view


@method("views.open")
def views_open(call: Call) -> Json:
    user = call.slack.spend(str(call.need("trigger_id")), call.now)
    view = _view(call)
    call.slack.world.users[user].modals.append(view)
    return {"view": view}


@method("views.push")
def views_push(call: Call) -> Json:
    return views_open(call)


@method("views.update")
def views_update(call: Call) -> Json:
    view = _view(call)
    wanted = call.need("view_id")
    for user in call.slack.world.users.values():
        for index, shown in enumerate(user.modals):
            if shown["id"] == wanted:
                view["id"] = wanted
                user.modals[index] = view
                return {"view": view}
    raise Refused("not_found")


@method("views.publish")
def views_publish(call: Call) -> Json:
    user = call.user(str(call.need("user_id")))
    user.home = _view(call)
    return {"view": user.home}


# Canvases


@method("canvases.create", "canvases:write")
def canvases_create(call: Call) -> Json:
    content: Any = call.args.get("document_content") or {}
    if isinstance(content, str):
        content = json.loads(content)
    if call.slack.faults.no_canvas:
        raise Refused("canvas_disabled_user_team")
    if call.team.free_plan and not call.args.get("channel_id"):
        raise Refused("free_teams_cannot_create_non_tabbed_canvases")
    markdown = str(content.get("markdown") or "")
    if len(markdown.encode()) > 1_048_576:
        raise Refused("canvas_creation_failed")
    canvas = Canvas(
        call.slack.world.id("F"),
        call.team.id,
        str(call.args.get("title") or ""),
        call.args.get("channel_id"),
        markdown,
    )
    call.slack.world.canvases[canvas.id] = canvas
    return {"canvas_id": canvas.id}


@method("canvases.edit", "canvases:write")
def canvases_edit(call: Call) -> Json:
    canvas = call.slack.world.canvases.get(str(call.need("canvas_id")))
    if canvas is None:
        raise Refused("canvas_not_found")
    changes = call.need("changes")
    for change in json.loads(changes) if isinstance(changes, str) else changes:
        if change["operation"] == "insert_at_end":
            canvas.markdown += change["document_content"]["markdown"]
        elif change["operation"] == "replace":
            canvas.markdown = change["document_content"]["markdown"]
        else:
            raise Refused("invalid_arguments")
    return {}


@method("canvases.delete", "canvases:write")
def canvases_delete(call: Call) -> Json:
    if call.slack.world.canvases.pop(str(call.need("canvas_id")), None) is None:
        raise Refused("canvas_not_found")
    return {}


@method("canvases.access.set", "canvases:write")
def canvases_access(call: Call) -> Json:
    canvas = call.slack.world.canvases.get(str(call.need("canvas_id")))
    if canvas is None:
        raise Refused("canvas_not_found")
    given = call.need("channel_ids")
    listed = json.loads(given) if str(given).startswith("[") else str(given).split(",")
    if call.slack.faults.unshared:
        return {"failed_to_update_channel_ids": listed}
    canvas.readers += listed
    return {}
