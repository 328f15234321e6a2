"""Provider accounts as a file names them: one YAML list, each entry an adapter's settings.

providers:
  - adapter: sms-gateway
    name: gateway-a
    base_url: https://sms.example.com
    token: {env: GATEWAY_A_TOKEN}          # or {file: /run/secrets/gateway-a}
    receipts_secret: {env: GATEWAY_A_SECRET}
    weight: 3
    breaker: {failed_share: 0.3, cool_down_s: 60}   # in place of the lender's own rules
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from channels.breaker_rules import BreakerRules
from channels.breaker_settings import own_rules
from channels.errors import ChannelSettingsError
from channels.registry import ADAPTERS, Account, adapter_of

_ENTRY = TypeAdapter(list[dict[str, object]])
_NOT_THE_ADAPTERS = frozenset({"adapter", "breaker"})


def read_accounts(path: Path) -> list[Account]:
    """The accounts that a file names. Raises `ChannelSettingsError` with one line per fault."""
    return accounts_of(_entries(path), where=str(path))


def read_rules(path: Path, usual: BreakerRules) -> dict[str, BreakerRules]:
    """The breaker's rules of providers that have some of their own, in place of those of `usual`.

    Raises `ChannelSettingsError` with one line per fault.
    """
    found = {}
    for number, entry in enumerate(_entries(path), 1):
        if "breaker" in entry:
            with _named(str(path), number):
                rules = own_rules(usual, entry["breaker"])
                found[_account(entry).name] = rules
    return found


def _entries(path: Path) -> list[dict[str, object]]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ChannelSettingsError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise ChannelSettingsError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict) or set(document) != {"providers"}:
        raise ChannelSettingsError(f"{path}: want one list called providers")
    try:
        return _ENTRY.validate_python(document["providers"])
    except ValidationError as error:
        raise ChannelSettingsError(f"{path}: {_first(error)}") from None


def accounts_of(entries: Sequence[Mapping[str, object]], where: str = "providers") -> list[Account]:
    """The accounts of entries that are read already."""
    found = []
    for number, entry in enumerate(entries, 1):
        with _named(where, number):
            found.append(_account(entry))
    return found


@contextmanager
def _named(where: str, number: int) -> Iterator[None]:
    """Say of which entry a fault is told."""
    try:
        yield
    except ChannelSettingsError as error:
        raise ChannelSettingsError(f"{where}, entry {number}: {error}") from None


def _account(entry: Mapping[str, object]) -> Account:
    kind = entry.get("adapter")
    if not isinstance(kind, str) or kind not in ADAPTERS:
        raise ChannelSettingsError(f"adapter {kind!r} is none of {', '.join(ADAPTERS)}")
    mine = {name: each for name, each in entry.items() if name not in _NOT_THE_ADAPTERS}
    given = {name: _resolved(name, each) for name, each in mine.items()}
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
