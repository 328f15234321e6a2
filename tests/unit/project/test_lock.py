"""The lock: hashes for everything, from no host in particular, and what pyproject.toml asks for."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from tests.unit.project.tree import read

LOCK = "requirements.lock"
NODE_LOCK = "tests/integration/foreign/package-lock.json"
PINNED = re.compile(r"^([a-z0-9][a-z0-9-]*)==(\S+)(?: ;.*)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins() -> dict[str, str]:
    found = (PINNED.match(line) for line in read(LOCK).splitlines())
    return {match[1]: match[2] for match in found if match}


def test_every_line_is_a_pinned_package_or_its_hash() -> None:
    lines = read(LOCK).splitlines()
    assert [line for line in lines if not PINNED.match(line) and not HASH.match(line)] == []


def test_every_dependency_is_pinned() -> None:
    project: dict[str, Any] = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(line for extra in extras for line in extra)]
    names = {re.split(r"[\[<>=;! ]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names - pins().keys() == {project["name"]}  # itself, with an extra


def test_celery_stays_where_it_survives_a_restart_of_redis() -> None:
    assert pins()["celery"] == "5.6.3"
    assert pins()["kombu"] == "5.7.0"


def test_the_lock_of_the_javascript_clients_has_hashes_and_names_no_host() -> None:
    packages: dict[str, dict[str, Any]] = json.loads(read(NODE_LOCK))["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed
    assert [name for name, package in installed.items() if "integrity" not in package] == []
    assert "://" not in read(NODE_LOCK)
