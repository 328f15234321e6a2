"""Packs are read whole or refused with a line per fault; no figure goes without its source."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from reminders.domain.compliance import Count, Mark, Role, Scope, Source, Window
from reminders.domain.errors import PolicyError
from reminders.domain.hours import spans
from reminders.domain.kinds import MessageClass
from reminders.services.packs import pack_from, read_packs

SHIPPED = Path(__file__).parents[3] / "config" / "packs"
HOUSE = {"cite": "house", "mark": "house"}
CAP = {
    "id": "xx.day",
    "channels": ["sms"],
    "count": "attempt",
    "limit": 2,
    "window": "local_day",
    "scope": ["customer"],
    **HOUSE,
}
# Any: what a YAML file may hold.
PACK: dict[str, Any] = {
    "pack": "xx",
    "version": "1",
    "hours": {each.value: {"allow": "08:00-20:00", **HOUSE} for each in MessageClass},
    "caps": [CAP],
}
Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> dict[str, Any]:
    data = copy.deepcopy(PACK)
    change(data)
    return data


def without(mapping: dict[str, Any], key: str) -> None:
    del mapping[key]


def test_a_pack_becomes_the_domains_own() -> None:
    pack = pack_from(PACK)
    assert (pack.label, pack.role) == ("xx@1", Role.LENDER)
    hours = pack.hours[MessageClass.MARKETING]
    assert hours.hours.spans == spans(time(8), time(20))
    assert hours.source == Source("house", Mark.HOUSE)
    (cap,) = pack.caps
    assert (cap.count, cap.window, cap.length) == (Count.ATTEMPT, Window.LOCAL_DAY, 1)
    assert cap.scope == {Scope.CUSTOMER}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda data: without(data["caps"][0], "cite"), "caps.0.cite: Field required"),
        (lambda data: without(data["caps"][0], "mark"), "caps.0.mark: Field required"),
        (lambda data: data["caps"][0].update(cite=""), "caps.0.cite: "),
        (lambda data: data["caps"][0].update(mark="sure"), "caps.0.mark: "),
        (lambda data: without(data["hours"]["marketing"], "cite"), "hours.marketing.cite: "),
        (lambda data: without(data["hours"], "mandated"), "pack: hours: none for mandated"),
        (
            lambda data: data["hours"]["mandated"].update(closed={"holidays": True}),
            "hours.mandated.closed.cite: Field required",
        ),
        (
            lambda data: data["hours"]["mandated"].update(allow="8-20"),
            "hours.mandated.allow: write it in quotes as local hours",
        ),
        (
            lambda data: data["hours"]["mandated"].update(allow=["08:00", "20:00"]),
            "hours.mandated.allow: write it in quotes as local hours",
        ),
        (lambda data: data.update(third_party={"allow": []}), "third_party: Extra inputs"),
        (lambda data: data["caps"][0].update(limits=1), "caps.0.limits: Extra inputs"),
        (lambda data: data["caps"][0].update(scope=["third_party"]), "caps.0.scope.0: "),
        (lambda data: data["caps"][0].update(scope=[]), "caps.0.scope: "),
        (lambda data: data["caps"][0].update(channels=["smss"]), "caps.0.channels.0: "),
        (lambda data: data["caps"][0].update(limit=-1), "caps.0.limit: "),
        (lambda data: data["caps"][0].update(limit=True), "caps.0.limit: "),
        (lambda data: data["caps"][0].update(length=0), "caps.0.length: "),
        (lambda data: data["caps"][0].update(length=401), "caps.0: xx.day: at most 400 days"),
        (
            lambda data: data["caps"][0].update(window="bill"),
            "caps.0: xx.day: a bill's life needs the scope bill",
        ),
        (
            lambda data: data["caps"][0].update(exempt=["mandated"], mark="verified"),
            "caps.0: xx.day: only from a house figure can a class be exempt",
        ),
        (lambda data: data["caps"].append(CAP), "pack: xx.day stands twice"),
        (
            lambda data: data.update(
                mandates=[{"kind": "legal_notice", "cite": "law", "mark": "verified"}]
            ),
            "mandates.0.legal_basis: Field required",
        ),
        (
            lambda data: data.update(
                mandates=[{"kind": "legal_notice", "legal_basis": "we like it", **HOUSE}]
            ),
            "mandates.0: legal_notice: a house wish is no mandate",
        ),
        (
            lambda data: data.update(freshness=[{"channels": ["sms"], "days": 60}]),
            "freshness.0.cite: Field required",
        ),
        (
            lambda data: data.update(retention=[{"record": "recording", "days": 731}]),
            "retention.0.cite: Field required",
        ),
        (
            lambda data: data.update(required={"collection": {"content": ["lendr"], **HOUSE}}),
            "required.collection.content.0: ",
        ),
        (lambda data: data.update(version=2026.02), "version: "),
        (lambda data: data.update(pack="No Name"), "pack: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(change: Change, line: str) -> None:
    with pytest.raises(PolicyError) as caught:
        pack_from(changed(change))
    said = str(caught.value).splitlines()
    assert [each for each in said if each.startswith(line)]
    assert len({each.split(": ")[0] for each in said}) == len(said)


@pytest.mark.parametrize("data", [None, [], "pack", 3, {}])
def test_what_is_no_pack_is_refused(data: object) -> None:
    with pytest.raises(PolicyError):
        pack_from(data)


def test_every_fault_has_its_line() -> None:
    def two(data: dict[str, Any]) -> None:
        del data["caps"][0]["cite"], data["hours"]["collection"]["mark"]

    with pytest.raises(PolicyError) as caught:
        pack_from(changed(two))
    assert len(str(caught.value).splitlines()) == 2


def _paths(node: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Every place of a file where a source stands."""
    found = []
    if isinstance(node, dict):
        found += [(*at, key) for key in node if key in ("cite", "mark")]
        for key, inner in node.items():
            found += _paths(inner, (*at, key))
    if isinstance(node, list):
        for number, inner in enumerate(node):
            found += _paths(inner, (*at, number))
    return found


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_source_of_a_shipped_pack_can_be_left_out(path: Path) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    places = _paths(data)
    assert len(places) > 20
    for place in places:
        less = copy.deepcopy(data)
        inner = less
        for step in place[:-1]:
            inner = inner[step]
        del inner[place[-1]]
        with pytest.raises(PolicyError, match="Field required"):
            pack_from(less)


def write(folder: Path, name: str, data: object) -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")


def test_a_folder_is_read_by_the_names_of_its_packs(tmp_path: Path) -> None:
    write(tmp_path, "xx", PACK)
    write(tmp_path, "yy", {**PACK, "pack": "yy", "caps": []})
    assert list(read_packs(tmp_path)) == ["xx", "yy"]


def test_a_folder_is_refused_with_every_fault_of_every_file(tmp_path: Path) -> None:
    write(tmp_path, "xx", PACK)
    write(tmp_path, "yy", {**PACK, "pack": "yy"})
    write(tmp_path, "zz", {**PACK, "caps": []})
    (tmp_path / "aa.yaml").write_text("pack: a\npack: b\n", encoding="utf-8")
    (tmp_path / "bb.yaml").write_text("pack: [", encoding="utf-8")
    (tmp_path / "cc.yaml").write_bytes(b"\xff")
    with pytest.raises(PolicyError) as caught:
        read_packs(tmp_path)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        *("aa.yaml", "bb.yaml", "cc.yaml", "zz.yaml", "yy.yaml")
    ]
    assert lines[0].endswith("pack stands twice")
    assert lines[2] == "cc.yaml: cannot be read: it is not UTF-8"
    assert lines[3] == "zz.yaml: pack: xx must stand in xx.yaml"
    assert lines[4] == "yy.yaml: caps: xx.day stands in xx too"


def test_a_folder_without_packs_is_said(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no pack here"):
        read_packs(tmp_path)
