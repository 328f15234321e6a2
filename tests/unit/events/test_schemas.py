"""The documented schemas and examples are the code's own, and are CloudEvents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reminders.events import EVENT_MODELS, parse_event
from reminders.events.schemas import files, main, schema_of

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "events"
CLOUDEVENTS = ROOT.parent / "shared" / "data" / "cloudevents.schema.json"

_JSON_TYPES = {"string": str, "object": dict, "array": list, "boolean": bool, "null": type(None)}


def test_the_files_are_up_to_date() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.json")}
    assert found == files(), "run: python -m reminders.events.schemas docs/events"


def test_the_files_are_written_where_asked(tmp_path: Path) -> None:
    main(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(files())


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_the_example_is_an_event_and_the_page_names_it(event_type: str) -> None:
    assert parse_event((DOCS / f"{event_type}.example.json").read_bytes()).type == event_type
    assert f"({event_type}.example.json)" in (DOCS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_the_schema_demands_what_the_parser_demands(event_type: str) -> None:
    schema = schema_of(event_type)
    assert set(schema["required"]) == {"specversion", "id", "source", "type", "time", "data"}
    assert schema["properties"]["type"]["const"] == event_type


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_the_example_fits_the_schema_of_cloudevents(event_type: str) -> None:
    if not CLOUDEVENTS.exists():
        pytest.skip("the CloudEvents schema is not beside this checkout")
    schema = json.loads(CLOUDEVENTS.read_bytes())
    example = json.loads((DOCS / f"{event_type}.example.json").read_bytes())
    assert set(schema["required"]) <= example.keys()
    for name, value in example.items():
        if name in schema["properties"]:
            _fits(value, _resolved(schema, schema["properties"][name]["$ref"]))


def _resolved(schema: dict[str, Any], ref: str) -> dict[str, Any]:  # Any: JSON
    found = schema
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


def _fits(value: object, wanted: dict[str, Any]) -> None:  # Any: JSON
    types = wanted["type"] if isinstance(wanted["type"], list) else [wanted["type"]]
    assert isinstance(value, tuple(_JSON_TYPES[t] for t in types if t in _JSON_TYPES))
    if isinstance(value, str):
        assert len(value) >= wanted.get("minLength", 0)
