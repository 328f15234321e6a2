"""Takes compiled modules for the plain ones where a library fits the sources; else all stays plain.

The switch is `REMINDERS_COMPILED=no`. It is read here and not with the settings: it has to hold
before the first module of the domain is imported.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from reminders.compiled.modules import LIBRARY, MANIFEST, fitting, module_of, paths

SWITCH = "REMINDERS_COMPILED"
_OFF = frozenset({"no", "off", "0", "false"})
log = logging.getLogger(__name__)


class Finder:
    """Finds the compiled modules in their library, before Python finds their sources."""

    def __init__(self, library: Path) -> None:
        self._library = str(library)
        self._names = frozenset({LIBRARY, *map(module_of, paths())})

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self._names:
            return None
        loader = ExtensionFileLoader(name, self._library)
        return spec_from_file_location(name, self._library, loader=loader)


class Unfit(Exception):
    """Compiled modules cannot be taken; the message says why."""


def take() -> bool:
    """Import the compiled modules from now on; True if that is so.

    False, and everything as without it, where none is built, the sources have changed since, the
    library is damaged, it is switched off, or a module was imported already.
    """
    if taken():
        return True
    try:
        if os.environ.get(SWITCH, "").strip().lower() in _OFF:
            raise Unfit(f"{SWITCH} says so")
        early = [name for name in map(module_of, paths()) if name in sys.modules]
        if early:
            raise Unfit(f"{early[0]} is imported already")
        sys.meta_path.insert(0, loaded(fitting()))
    except Unfit as error:
        log.debug("plain modules are taken: %s", error)
        return False
    return True


def taken() -> bool:
    """Whether compiled modules are imported."""
    return any(isinstance(each, Finder) for each in sys.meta_path)


def loaded(folder: Path) -> Finder:
    """What finds the modules of the library in a folder. It is loaded here, so that nothing rests
    on one that cannot be. Raises `Unfit`."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        library = folder / manifest["library"]
        if sha256(library.read_bytes()).hexdigest() != manifest["sha256"]:
            raise Unfit(f"{library} is not as it was built")
        finder = Finder(library)
        spec = finder.find_spec(LIBRARY)
        if spec is None or spec.loader is None:
            raise Unfit(f"{LIBRARY} has no loader")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    except (OSError, ValueError, LookupError, TypeError, ImportError) as error:
        raise Unfit(str(error)) from error
    sys.modules[LIBRARY] = module
    return finder
