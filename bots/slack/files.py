"""Files as the bot fetches and sends them."""

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from bots.slack.patience import patiently
from bots.slack.trouble import FOREIGN, code, user_error
from bots.slack.workspace import Workspace
from core.errors import UserError

log = logging.getLogger(__name__)

LARGEST = 100_000_000
"""Bytes of a recording that are fetched: they are in memory while it is heard."""

PATIENCE = aiohttp.ClientTimeout(total=120, sock_read=20)
"""Seconds that a download may take, and that it may stand still."""

_HOPS = 3
"""Times that Slack may send on to another address."""

_HOSTS = ("slack.com", "slack-files.com", "slack-gov.com")

LOG_IN = (
    "Slack gave its log-in page instead of the file: Spokenly lacks the scope files:read, or may not see "
    "that file. Whoever manages the app adds the scope under OAuth & Permissions and installs the app again."
)
UNSEEN = "Slack does not show Spokenly that file: invite Spokenly to where it was shared, then try again."
DELETED = "That file was deleted."
HIDDEN = (
    "Slack hides that file: its free plan shows only what is newer than 90 days. Upload it again if you have "
    "it still."
)
ELSEWHERE = "That file is not in Slack itself but only linked from there: upload it to Slack."
AWAY = "Slack did not give Spokenly that file now: try again in a minute."
TOO_LARGE = f"That file is too large: up to {LARGEST // 1_000_000} MB can be transcribed here."

File = Mapping[str, Any]
"""A file as Slack describes it (https://docs.slack.dev/reference/objects/file-object)."""


def gone(file: File) -> str:
    """Why a file that Slack still names can't be had any more, for people; empty where it may be had.

    Of these Slack tells no more than an id and a mode.
    """
    return {"tombstone": DELETED, "hidden_by_limit": HIDDEN}.get(str(file.get("mode")), "")


async def known(workspace: Workspace, file: File) -> File:
    """All that Slack tells of a file; of one from another organisation, a message has its id alone.

    Raises `UserError`.
    """
    try:
        found: File = (await workspace.client.files_info(file=str(file["id"])))["file"]
    except FOREIGN as error:
        name = code(error)
        if name == "file_deleted":
            raise UserError(DELETED) from error
        raise (UserError(UNSEEN) if name == "file_not_found" else user_error(error)) from error
    if sentence := gone(found):
        raise UserError(sentence)
    if found.get("is_external") or found.get("mode") == "external":
        raise UserError(ELSEWHERE)
    return found


async def fetched(workspace: Workspace, file: File) -> bytes:
    """What is in a file, with the bot's token. Raises `UserError`."""
    if int(file.get("size") or 0) > LARGEST:
        raise UserError(TOO_LARGE)
    address = str(file.get("url_private_download") or file.get("url_private") or "")
    try:
        for _ in range(_HOPS + 1):
            found = await _asked(workspace, address)
            if isinstance(found, bytes):
                return found
            address = urljoin(address, found)
    except FOREIGN as error:
        log.info("slack.no_file", extra={"reason": type(error).__name__})
        raise UserError(AWAY) from error
    raise UserError(LOG_IN)


async def _asked(workspace: Workspace, address: str) -> bytes | str:
    """What is at an address, or the address to ask instead. Raises `UserError`, and what aiohttp raises."""
    client = workspace.client
    if not _trusted(address, client.base_url):
        # The token opens the whole workspace: nobody but Slack may see it.
        raise UserError(ELSEWHERE)
    assert client.session is not None, "workspaces share one"
    async with client.session.get(
        address,
        headers={"Authorization": f"Bearer {client.token}"},
        allow_redirects=False,
        timeout=PATIENCE,
        proxy=client.proxy,
    ) as answer:
        if answer.status in (301, 302, 303, 307, 308):
            return answer.headers.get("Location", "")
        if answer.status in (401, 403, 404, 410):
            raise UserError(UNSEEN)
        if answer.status != 200:
            raise UserError(AWAY)
        if answer.content_type == "text/html":
            raise UserError(LOG_IN)
        content = bytearray()
        async for piece in answer.content.iter_chunked(1 << 16):
            content += piece
            if len(content) > LARGEST:
                raise UserError(TOO_LARGE)
        return bytes(content)


def _trusted(address: str, api: str) -> bool:
    """Whether an address is Slack's own: over TLS at its names, or where its Web API is."""
    parts, home = urlsplit(address), urlsplit(api)
    if (parts.scheme, parts.netloc) == (home.scheme, home.netloc):
        return True
    host = parts.hostname or ""
    return parts.scheme == "https" and any(host == name or host.endswith(f".{name}") for name in _HOSTS)


async def send(workspace: Workspace, user: str, comment: str, files: Mapping[str, bytes]) -> None:
    """Files by their names, to somebody in a direct message. `comment`: mrkdwn. Raises `UserError`."""
    try:
        direct = (await workspace.client.conversations_open(users=user))["channel"]["id"]
        await upload(workspace, direct, comment, files)
    except FOREIGN as error:
        log.info("slack.refused", extra={"reason": code(error) or type(error).__name__})
        raise user_error(error) from error


async def upload(
    workspace: Workspace,
    channel: str,
    comment: str,
    files: Mapping[str, bytes],
    thread: str | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Files by their names, into a channel or thread. `comment`: mrkdwn. Raises what Slack refuses.

    `check` is called right before each try: what it raises keeps the files back.
    """

    async def ask() -> None:
        check()
        await workspace.client.files_upload_v2(
            channel=channel,
            thread_ts=thread,
            initial_comment=comment or None,
            file_uploads=[
                {"content": content, "filename": name, "title": name} for name, content in files.items()
            ],
        )

    await patiently(ask)
