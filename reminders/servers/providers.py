"""The providers' file of a system on one's own machine, and what a given one asks for.

Apart from the settings: it imports every adapter, and most commands need none.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from channels.accounts import read_accounts, settings_of
from channels.errors import ChannelSettingsError
from channels.registry import build
from reminders.servers import state
from reminders.servers.errors import ServerError

PROVIDERS = "providers.json"  # JSON is YAML: every account, written when the carriers are up


def write_providers(
    data_dir: Path,
    everywhere: Mapping[str, object],
    own: Mapping[str, Mapping[str, object]] | None = None,
) -> None:
    """The providers' file of a system whose carriers are up, from what they say of themselves.

    `everywhere`: settings that each account gets whose adapter has them; `own`: those of the
    account with that name.
    """
    told = _told(data_dir / "sandbox" / "sandbox.json")
    accounts = [
        {
            "adapter": "sms-gateway",
            "name": told["sms_name"],
            "base_url": told["sms_url"],
            "token": told["sms_token"],
            "receipts_secret": told["sms_receipts_secret"],
        },
        {
            "adapter": "smtp",
            "name": told["email_name"],
            "host": told["smtp_host"],
            "port": told["smtp_port"],
            "sender": "bills@lender.example.com",
            "receipts_secret": told["email_receipts_secret"],
        },
        *cast("list[dict[str, object]]", told["accounts"]),
    ]
    theirs = own or {}
    found = [{**_with(each, everywhere), **theirs.get(str(each["name"]), {})} for each in accounts]
    state.write_private(data_dir / PROVIDERS, {"providers": found})


def _told(path: Path, within_s: float = 60) -> Mapping[str, object]:
    """What the carriers say: on the disk a moment after their first port answers."""
    deadline = time.monotonic() + within_s
    while not (told := state.read_private(path)):
        if time.monotonic() > deadline:
            raise ServerError("the simulated carriers did not say how they are reached")
        time.sleep(0.02)
    return told


def _with(account: Mapping[str, object], everywhere: Mapping[str, object]) -> dict[str, object]:
    fields = settings_of(str(account["adapter"]))
    return {**account, **{name: each for name, each in everywhere.items() if name in fields}}


def is_listened_to(provider_file: str | None) -> bool:
    """Whether some account of a providers' file speaks over a connection of ours.

    Raises `ServerError` where the file names no accounts that work.
    """
    if not provider_file:
        return False
    try:
        providers = build(read_accounts(Path(provider_file))).values()
        return any(hasattr(each, "listen") for each in providers)
    except ChannelSettingsError as error:
        raise ServerError(str(error)) from None
