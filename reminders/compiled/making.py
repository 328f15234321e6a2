"""The part of a build that runs apart, in the folder of the copies: mypyc, then the C compiler."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from mypyc.build import mypycify

from reminders.compiled.modules import LIBRARY, module_of, paths

LINES = "lines.json"  # by file, for each line of a copy that of its source
_C = Path("c")
# -O1 compiles in two thirds of the time and is about a tenth slower. To look for what to warn of in
# code that nobody reads doubled the time.
_OPTIMIZE = "3"
_CALM = ["-w", "-Wno-all"]
# A call that tells a traceback where it is: what, file, further words, line, globals.
_PLACE = re.compile(
    r"\b(CPy_AddTraceback|CPy_TypeErrorTraceback|CPy_AttributeError)"
    r'\("([^"]+)", ((?:"[^"]*", )+)(\d+), CPyStatic_'
)
_INDENT = re.compile(r"^ +", re.MULTILINE)  # it grows to half of the file
_BEGIN = """#include <Python.h>

static PyObject *begin(const char *attribute, const char *name)
{
    PyObject *library = PyImport_ImportModule("LIBRARY");
    if (library == NULL) return NULL;
    PyObject *capsule = PyObject_GetAttrString(library, attribute);
    Py_DECREF(library);
    if (capsule == NULL) return NULL;
    PyObject *(*found)(void) = (PyObject *(*)(void))PyCapsule_GetPointer(capsule, name);
    Py_DECREF(capsule);
    return found == NULL ? NULL : found();
}
"""
_ENTRY = """
PyMODINIT_FUNC PyInit_LAST(void)
{
    return begin("init_MANGLED", "LIBRARY.init_MANGLED");
}
"""


def make(cache: str) -> None:
    """Write the library into `lib`. Tools that fail end the process, with their words printed."""
    found = mypycify(
        ["--follow-imports=silent", f"--cache-dir={cache}", *paths()],
        opt_level=_OPTIMIZE,
        debug_level="0",
        group_name=LIBRARY.removesuffix("__mypyc"),
        target_dir=str(_C),
    )
    lines = json.loads(Path(LINES).read_text(encoding="utf-8"))
    for each in _C.glob("__native*.c"):
        each.write_text(placed(each.read_text(encoding="utf-8"), lines), encoding="utf-8")
    shared = found[0]  # the others, a library for each module, would only point into this one
    setuptools = import_module("setuptools")  # it has no types
    setuptools.setup(
        script_args=["build_ext", "--build-lib", "lib", "--build-temp", "temp"],
        name=LIBRARY,
        packages=[],
        ext_modules=[
            setuptools.Extension(
                LIBRARY,
                sources=[*shared.sources, _entries()],
                include_dirs=shared.include_dirs,
                extra_compile_args=[*shared.extra_compile_args, *_CALM],
            )
        ],
    )


def placed(text: str, lines: Mapping[str, list[int]]) -> str:
    """C code whose tracebacks name the lines of the sources and not those of the copies."""

    def place(found: re.Match[str]) -> str:
        call, path, words, line = found.groups()
        number = int(line)
        if path in lines and 0 < number <= len(lines[path]):
            number = lines[path][number - 1]
        return f'{call}("{path}", {words}{number}, CPyStatic_'

    return _PLACE.sub(place, _INDENT.sub("", text))


def _entries() -> str:
    """A C file with what Python calls to begin each module; all are in the one library."""
    parts = [_BEGIN]
    for name in map(module_of, paths()):
        entry = _ENTRY.replace("LAST", name.rpartition(".")[2])
        parts.append(entry.replace("MANGLED", name.replace(".", "___")))
    file = _C / "entries.c"
    file.write_text("".join(parts).replace("LIBRARY", LIBRARY), encoding="utf-8")
    return str(file)


if __name__ == "__main__":
    make(sys.argv[1])
