"""What a person's client sends to Discord when they use a command, a button, a menu or a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simcord.backend import serializers
from simcord.backend.errors import SetupError
from simcord.components import walk_components
from simcord.enums import OptionType
from simcord.interactions import nest_options, validate_option_value, walk_to_subcommand

from tests.fakes.discord.backend import State
from tests.fakes.discord.places import Channel, Role

SELECTS = {3: "string", 5: "user", 6: "role", 7: "mentionable", 8: "channel"}


class Resolved:
    """The objects that a wish's ids stand for, as they go along with it."""

    def __init__(self, state: State, channel: Channel, asker: int) -> None:
        self._state = state
        self._channel = channel
        self._asker = asker
        self.data: dict[str, dict[str, Any]] = {}

    def add(self, thing: Any) -> str:
        """Its id; its object goes along."""
        if isinstance(thing, Channel):
            self._channel_data(thing)
        elif isinstance(thing, Role):
            self._put("roles", thing.id, serializers.role_payload(thing._role))
        elif isinstance(thing, tuple):
            return self._file(*thing)
        else:
            self._person(thing.id)
        return str(thing.id)

    def _put(self, kind: str, number: int, data: Mapping[str, Any]) -> None:
        self.data.setdefault(kind, {})[str(number)] = dict(data)

    def _person(self, number: int) -> None:
        self._put("users", number, serializers.user_payload(self._state.users[number]))
        guild = self._state.guilds[self._channel.guild_id]
        if number in guild.members:
            member = serializers.member_payload(self._state, guild, guild.members[number], with_user=False)
            bits = self._state.compute_permissions(guild.id, number, self._channel.id)
            self._put("members", number, {**member, "permissions": str(bits)})

    def _channel_data(self, channel: Channel) -> None:
        data = dict(serializers.channel_payload(self._state, self._state.channels[channel.id]))
        bits = self._state.compute_permissions(channel.guild_id, self._asker, channel.id)
        self._put("channels", channel.id, {**data, "permissions": str(bits)})

    def _file(self, name: str, data: bytes) -> str:
        number = self._state.snowflake()
        self._put(
            "attachments",
            number,
            self._state.cdn.store_attachment(number, self._channel.id, name, data, None),
        )
        return str(number)


def command(
    root: dict[str, Any],
    path: Sequence[str],
    given: Mapping[str, Any],
    resolved: Resolved,
    *,
    typing: str | None = None,
) -> dict[str, Any]:
    """A slash command's data. `typing`: the option that is being completed."""
    leaf, nesting = walk_to_subcommand(root, list(path))
    declared = {one["name"]: one for one in leaf.get("options") or ()}
    unknown = given.keys() - declared.keys()
    if unknown:
        raise SetupError(f"no such option: {sorted(unknown)}; there are {sorted(declared)}")
    missing = [name for name, one in declared.items() if one.get("required") and name not in given]
    if missing and typing is None:
        raise SetupError(f"Discord would not send this without {missing}")
    options = [_option(root["name"], declared[name], given[name], resolved, typing) for name in given]
    data = {
        "id": root["id"],
        "name": root["name"],
        "type": 1,
        "options": nest_options(root, nesting, options),
    }
    if root.get("guild_id"):
        data["guild_id"] = root["guild_id"]
    if resolved.data:
        data["resolved"] = resolved.data
    return data


def _option(
    name: str, option: dict[str, Any], value: Any, resolved: Resolved, typing: str | None
) -> dict[str, Any]:
    kind = OptionType(option["type"])
    wire = {"name": option["name"], "type": int(kind), "value": value}
    if option["name"] == typing:
        return {**wire, "focused": True}
    if kind in (OptionType.USER, OptionType.CHANNEL, OptionType.ROLE, OptionType.MENTIONABLE):
        allowed = option.get("channel_types")
        if allowed and value._channel.type not in allowed:
            raise SetupError(f"Discord would not offer this channel for {option['name']}")
        return {**wire, "value": resolved.add(value)}
    if kind is OptionType.ATTACHMENT:
        return {**wire, "value": resolved.add(value)}
    return {**wire, "value": validate_option_value(name, option, value)}


def control(found: dict[str, Any], values: Sequence[Any] | None, resolved: Resolved) -> dict[str, Any]:
    """A button's or a menu's data."""
    if found.get("disabled"):
        raise SetupError(f"{found['custom_id']} can't be pressed: it is disabled")
    data: dict[str, Any] = {
        "custom_id": found["custom_id"],
        "component_type": found["type"],
        "id": found["id"],
    }
    if found["type"] in SELECTS:
        data["values"] = _chosen(found, values or (), resolved)
    if resolved.data:
        data["resolved"] = resolved.data
    return data


def _chosen(found: dict[str, Any], values: Sequence[Any], resolved: Resolved) -> list[str]:
    least, most = found.get("min_values", 1), found.get("max_values", 1)
    if not (least if found.get("required", True) else 0) <= len(values) <= most:
        raise SetupError(f"{found['custom_id']} takes {least} to {most} values")
    if found["type"] != 3:
        return [resolved.add(one) for one in values]
    offered = {one["value"] for one in found["options"]}
    if not set(values) <= offered:
        raise SetupError(f"{found['custom_id']} offers {sorted(offered)}")
    return list(values)


def form(modal: dict[str, Any], values: Mapping[str, Any], resolved: Resolved) -> dict[str, Any]:
    """A filled-in form. What isn't given keeps what the form proposed."""
    fields = {one["custom_id"] for one in walk_components(modal["components"]) if "custom_id" in one}
    fields |= {row["component"]["custom_id"] for row in modal["components"] if "component" in row}
    if not values.keys() <= fields:
        raise SetupError(f"no such field: {sorted(values.keys() - fields)}; there are {sorted(fields)}")
    data: dict[str, Any] = {
        "custom_id": modal["custom_id"],
        "components": [_row(one, values, resolved) for one in modal["components"]],
    }
    if resolved.data:
        data["resolved"] = resolved.data
    return data


def _row(row: dict[str, Any], values: Mapping[str, Any], resolved: Resolved) -> dict[str, Any]:
    wire: dict[str, Any] = {"type": row["type"], "id": row.get("id", 0)}
    if "component" in row:
        wire["component"] = _field(row["component"], values, resolved)
    elif "components" in row:
        wire["components"] = [_field(one, values, resolved) for one in row["components"]]
    return wire


def _field(field: dict[str, Any], values: Mapping[str, Any], resolved: Resolved) -> dict[str, Any]:
    name, kind = field["custom_id"], field["type"]
    wire: dict[str, Any] = {"type": kind, "custom_id": name, "id": field.get("id", 0)}
    if kind in SELECTS or kind in (19, 22):
        given = values[name] if name in values else _proposed(field)
        given = given if isinstance(given, list | tuple) and not _a_file(given) else [given]
        least = field.get("min_values", 1) if field.get("required", True) else 0
        if not least <= len(given) <= field.get("max_values", 25):
            raise SetupError(f"{name} can't be left with {len(given)} values")
        wire["values"] = [one if isinstance(one, str) else resolved.add(one) for one in given]
        offered = {one["value"] for one in field.get("options") or ()}
        if offered and not set(wire["values"]) <= offered:
            raise SetupError(f"{name} offers {sorted(offered)}")
        return wire
    value = values.get(name, _DEFAULTS[kind](field))
    if kind == 4 and not field.get("min_length", 0) <= len(value) <= field.get("max_length", 4000):
        raise SetupError(f"{name} can't hold {len(value)} characters")
    if kind == 4 and field.get("required", True) and not value:
        raise SetupError(f"{name} must be filled in")
    return {**wire, "value": value}


def _a_file(value: Sequence[Any]) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], bytes)


def _proposed(field: dict[str, Any]) -> list[Any]:
    chosen: list[Any] = [one["value"] for one in field.get("options") or () if one.get("default")]
    return chosen or [str(one["id"]) for one in field.get("default_values") or ()]


_DEFAULTS: dict[int, Callable[[dict[str, Any]], Any]] = {
    4: lambda field: field.get("value") or "",
    21: lambda field: next((one["value"] for one in field["options"] if one.get("default")), None),
    23: lambda field: bool(field.get("default", False)),
}
