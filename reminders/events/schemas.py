"""The JSON Schemas and examples of the events, written as files: `python -m … FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from reminders.events.content import to_json
from reminders.events.envelope import EVENT_MODELS
from reminders.events.examples import examples


def schema_of(event_type: str) -> dict[str, Any]:  # Any: JSON
    """The JSON Schema (2020-12) of one event with its envelope."""
    schema = EVENT_MODELS[event_type].model_json_schema()
    schema.pop("title", None)
    said = schema["$defs"][schema["properties"]["data"]["$ref"].rsplit("/", 1)[1]]["description"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:bill-reminders:event:{event_type}",
        "title": event_type,
        **schema,
        "description": said,
    }


def files() -> dict[str, str]:
    """Every generated file's name and text."""
    written = {}
    for event_type, event in examples().items():
        written[f"{event_type}.schema.json"] = _pretty(schema_of(event_type))
        written[f"{event_type}.example.json"] = _pretty(json.loads(to_json(event)))
    return written


def _pretty(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    """Write `files()` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.stderr.write("usage: python -m reminders.events.schemas FOLDER\n")
        sys.exit(2)
    main(Path(sys.argv[1]))
