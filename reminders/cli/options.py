"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path, typer.Option(help="Folder of a running `reminders up`, where the environment is empty.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
