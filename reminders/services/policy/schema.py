"""The JSON schema by which editors complete and check a policy file."""

from __future__ import annotations

import json

from reminders.services.policy.shape import PolicyShape

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """The schema of a policy file, as it is shipped beside the policies."""
    held = {"$schema": _DIALECT, **PolicyShape.model_json_schema()}
    return json.dumps(held, indent=1, ensure_ascii=False) + "\n"
