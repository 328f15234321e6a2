"""Celery's settings: what survived restarts, kills and redelivery (docs/decisions/0002)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from config.settings import Settings


class Queue(StrEnum):
    """Every queue, `<purpose>.<lane>`. Other languages' clients push to these bare names."""

    INTAKE = "intake.events"
    EVALUATE = "evaluate.customers"
    SMS = "deliver.sms"
    EMAIL = "deliver.email"
    IN_APP = "deliver.in_app"
    PUSH = "deliver.push"
    VOICE = "deliver.voice"
    WECHAT = "deliver.wechat"
    WHATSAPP = "deliver.whatsapp"
    WEBHOOK = "deliver.webhook"
    APPRISE = "deliver.apprise"
    HUMAN_TASK = "deliver.human_task"
    MAINTAIN = "maintain.ledger"


ROUTES = {
    "workers.intake.accept": Queue.INTAKE,
    "workers.evaluate.evaluate": Queue.EVALUATE,
    **{f"workers.{queue}": queue for queue in Queue if queue.startswith("deliver.")},
    "workers.maintain.partitions": Queue.MAINTAIN,
    "workers.maintain.watch": Queue.MAINTAIN,
    "workers.maintain.probe": Queue.MAINTAIN,
    "workers.maintain.tend": Queue.MAINTAIN,
}
# Without a file of accounts there are providers of these alone.
_PLAIN = frozenset({Queue.SMS, Queue.EMAIL, Queue.IN_APP, Queue.HUMAN_TASK})
PARTITIONS_EVERY_S = 3600.0
PROBE_EVERY_S = 600.0
TEND_EVERY_S = 60.0
UNUSED_S = 60.0  # between two looks at a lane that has no provider


def schedule(settings: Settings) -> dict[str, dict[str, Any]]:  # Any: Celery's own form
    """What beat sends. Each tick is harmless twice: claims skip what others hold."""
    often = settings.sweep_every_s
    # A lane without providers may still hold what was due when it had some: it goes on from there.
    swept = {
        name: often if name.startswith("workers.evaluate") or _used(settings, queue) else UNUSED_S
        for name, queue in ROUTES.items()
        if name.startswith(("workers.evaluate", "workers.deliver"))
    }
    entries: dict[str, dict[str, Any]] = {  # Any: as above
        name: {"task": name, "schedule": every, "options": {"expires": max(1, int(every))}}
        for name, every in swept.items()
    }
    entries["workers.maintain.partitions"] = {
        "task": "workers.maintain.partitions",
        "schedule": PARTITIONS_EVERY_S,
        "options": {"expires": PARTITIONS_EVERY_S},
    }
    entries["workers.maintain.watch"] = {
        "task": "workers.maintain.watch",
        "schedule": often,
        "options": {"expires": max(1, int(often))},
    }
    entries["workers.maintain.probe"] = {
        "task": "workers.maintain.probe",
        "schedule": PROBE_EVERY_S,
        "options": {"expires": PROBE_EVERY_S},
    }
    entries["workers.maintain.tend"] = {
        "task": "workers.maintain.tend",
        "schedule": TEND_EVERY_S,
        "options": {"expires": TEND_EVERY_S},
    }
    return entries


def _used(settings: Settings, queue: Queue) -> bool:
    return settings.provider_file is not None or queue in _PLAIN


def celery_settings(settings: Settings) -> dict[str, Any]:  # Any: Celery's own form
    """Reasons and measurements: docs/decisions/0002-celery.md."""
    return {
        "broker_url": settings.redis_url,
        "broker_transport": "workers.transport:Transport",
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": settings.visibility_timeout_s,
            "unacked_restore_interval": settings.restore_interval_s,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 25,
        },
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_create_missing_queues": False,
        "task_queues": _queues(),
        "task_default_queue": Queue.MAINTAIN,
        "task_routes": {name: {"queue": queue} for name, queue in ROUTES.items()},
        "task_time_limit": settings.task_time_limit_s,
        "task_soft_time_limit": settings.soft_time_limit_s,
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": 10,
        "worker_eta_task_limit": 100,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "timezone": "UTC",
        "enable_utc": True,
        "beat_schedule": schedule(settings),
    }


def _queues() -> list[Any]:  # Any: kombu ships no types
    from kombu.entity import Queue as Declared

    return [
        Declared(queue.value, routing_key=queue.value)  # type: ignore[no-untyped-call]  # kombu
        for queue in Queue
    ]
