"""The empty task's own Celery application: `celery -A benchmarks.noop_app worker`."""

from __future__ import annotations

from benchmarks.noop import application
from config.settings import load

app = application(load())
