"""Provider accounts as a file names them: one YAML list, each entry an adapter's settings.

providers:
  - adapter: sms-gateway
    name: gateway-a
    base_url: https://sms.example.com
    token: {env: GATEWAY_A_TOKEN}          # or {file: /run/secrets/gateway-a}
    receipts_secret: {env: GATEWAY_A_SECRET}
    weight: 3
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from channels.errors import ChannelSettingsError
from channels.registry import ADAPTERS, Account, adapter_of

_ENTRY = TypeAdapter(list[dict[str, object]])


def read_accounts(path: Path) -> list[Account]:
    """The accounts that a file names. Raises `ChannelSettingsError` with one line per fault."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ChannelSettingsError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ChannelSettingsError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict) or set(document) != {"providers"}:
        raise ChannelSettingsError(f"{path}: want one list called providers")
    try:
        entries = _ENTRY.validate_python(document["providers"])
    except ValidationError as error:
        raise ChannelSettingsError(f"{path}: {_first(error)}") from None
    return accounts_of(entries, where=str(path))


def accounts_of(entries: Sequence[Mapping[str, object]], where: str = "providers") -> list[Account]:
    """The accounts of entries that are read already."""
    found = []
    for number, entry in enumerate(entries, 1):
        try:
            found.append(_account(entry))
        except ChannelSettingsError as error:
            raise ChannelSettingsError(f"{where}, entry {number}: {error}") from None
    return found


def _account(entry: Mapping[str, object]) -> Account:
    kind = entry.get("adapter")
    if not isinstance(kind, str) or kind not in ADAPTERS:
        raise ChannelSettingsError(f"adapter {kind!r} is none of {', '.join(ADAPTERS)}")
    given = {name: _resolved(name, each) for name, each in entry.items() if name != "adapter"}
    settings = adapter_of(kind).Settings
    known = settings_of(kind)
    strange = sorted(given.keys() - known)
    if strange:
        raise ChannelSettingsError(f"{strange[0]!r} is no setting of {kind}; it has {_list(known)}")
    try:
        made = TypeAdapter(settings).validate_python(given)
    except ValidationError as error:
        raise ChannelSettingsError(f"{kind}: {_first(error)}") from None
    return made


def settings_of(adapter: str) -> set[str]:
    """The names of an adapter's settings."""
    return set(getattr(adapter_of(adapter).Settings, "__dataclass_fields__", ()))


def _resolved(name: str, value: object) -> object:
    """A secret from where it lies; anything else as it stands."""
    if not isinstance(value, dict) or set(value) not in ({"env"}, {"file"}):
        return value
    ((source, where),) = value.items()
    try:
        if source == "env":
            return os.environ[str(where)]
        return Path(str(where)).read_text(encoding="utf-8").strip()
    except KeyError:
        raise ChannelSettingsError(f"{name}: the environment has no {where}") from None
    except OSError as error:
        raise ChannelSettingsError(f"{name}: cannot read {where}: {error.strerror}") from None


def _first(error: ValidationError) -> str:
    """The first fault, without the value: it may be a secret."""
    wrong = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in wrong['loc']) or 'entry'}: {wrong['msg']}"


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))
