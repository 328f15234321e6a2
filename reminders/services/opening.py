"""Opens what the use-cases work with, from an entry point's settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from sqlalchemy import Engine

from channels.accounts import read_accounts, read_rules
from channels.breaker import WatchedHealth
from channels.breaker_rules import BreakerRules
from channels.breaker_settings import rules_with
from channels.contract import Channel
from channels.email.smtp import EmailSettings, Tls
from channels.fleet import Fleet
from channels.human_task import HumanTaskSettings
from channels.in_app import InAppSettings
from channels.number_limits import NumberLimits
from channels.pacing import Pacer
from channels.registry import Account, build
from channels.sms.gateway import SmsSettings
from reminders.ledger.cipher import KeyRing
from reminders.ledger.schema import engine_for
from reminders.messages.errors import TemplateError
from reminders.messages.templates import TemplateSet
from reminders.services import memory
from reminders.services.approvals import Approvals
from reminders.services.clock import Clock, clock_of
from reminders.services.heard import HeardUntil
from reminders.services.links import PayLinks
from reminders.services.policy.book import open_book
from reminders.services.preferences.passes import PreferenceLinks
from reminders.services.reading import Options as ReadingOptions
from reminders.services.reading import Secret
from reminders.services.resources import Limits, Resources, Silent, Wake


class SmsOptions(Protocol):
    """An SMS gateway as the settings name it."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def token(self) -> Secret: ...
    @property
    def rate_per_s(self) -> float: ...
    @property
    def concurrency(self) -> int: ...
    @property
    def timeout_s(self) -> float: ...


class EmailOptions(Protocol):
    """An SMTP relay as the settings name it."""

    @property
    def name(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> Secret: ...
    @property
    def starttls(self) -> bool: ...
    @property
    def sender(self) -> str: ...
    @property
    def rate_per_s(self) -> float: ...
    @property
    def concurrency(self) -> int: ...
    @property
    def timeout_s(self) -> float: ...


class BreakerOptions(Protocol):
    """A breaker's rules as the settings name them."""

    def model_dump(self) -> dict[str, object]: ...


class Options(ReadingOptions, Protocol):
    """What a whole process reads from the settings, beside what reading the ledger takes."""

    @property
    def inbox_key(self) -> Secret: ...
    @property
    def receipt_secrets(self) -> Mapping[str, Secret]: ...
    @property
    def policy_file(self) -> Path: ...
    @property
    def template_folder(self) -> Path: ...
    @property
    def provider_file(self) -> Path | None: ...
    @property
    def sms(self) -> SmsOptions: ...
    @property
    def email(self) -> EmailOptions: ...
    @property
    def pay_url(self) -> str: ...
    @property
    def console_url(self) -> str: ...
    @property
    def short_links(self) -> bool: ...
    @property
    def brands(self) -> Mapping[str, str]: ...
    @property
    def collects_for_others(self) -> bool: ...
    @property
    def batch(self) -> int: ...
    @property
    def lease_s(self) -> float: ...
    @property
    def gate_to_call_max_s(self) -> float: ...
    @property
    def run_for_s(self) -> float: ...
    @property
    def channel_down_after_s(self) -> float: ...
    @property
    def breaker(self) -> BreakerOptions: ...


def open_redis(url: str) -> Redis:
    """A client that outlives a restart of its server: it retries for about ten seconds."""
    return Redis.from_url(
        url,
        socket_connect_timeout=5,
        socket_timeout=30,
        socket_keepalive=True,
        health_check_interval=25,
        retry=Retry(ExponentialBackoff(cap=2, base=0.1), 8),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )


def open_ring(options: Options) -> KeyRing:
    """The encryption keys, the first of which encrypts."""
    keys = {
        key_id: bytes.fromhex(key.get_secret_value())
        for key_id, key in options.encryption_keys.items()
    }
    return KeyRing(keys, options.hash_key.get_secret_value().encode())


def open_providers(options: Options) -> list[Channel]:
    """Every provider: those of the accounts' file, or else the settings' gateway and relay."""
    if options.provider_file is not None:
        return list(build([*read_accounts(options.provider_file), *_written(options)]).values())
    secrets = {name: secret.get_secret_value() for name, secret in options.receipt_secrets.items()}
    sms, email = options.sms, options.email
    providers = build(
        (
            SmsSettings(
                base_url=sms.url.rstrip("/"),
                token=sms.token.get_secret_value(),
                receipts_secret=secrets.get(sms.name, ""),
                name=sms.name,
                rate_per_s=sms.rate_per_s,
                concurrency=sms.concurrency,
                timeout=timedelta(seconds=sms.timeout_s),
            ),
            EmailSettings(
                host=email.host,
                port=email.port,
                sender=email.sender,
                receipts_secret=secrets.get(email.name, ""),
                sender_name=options.lender,
                name=email.name,
                username=email.user,
                password=email.password.get_secret_value(),
                tls=Tls.STARTTLS if email.starttls else Tls.NONE,
                rate_per_s=email.rate_per_s,
                concurrency=email.concurrency,
                timeout=timedelta(seconds=email.timeout_s),
            ),
            *_written(options),
        )
    )
    return list(providers.values())


def _written(options: Options) -> list[Account]:
    """The channels that are written in the gate's own transaction need no account anywhere."""
    secret = options.inbox_key.get_secret_value()
    return [InAppSettings(receipts_secret=secret), HumanTaskSettings(receipts_secret=secret)]


def open_engine(options: Options, *, pool_size: int = 2, role: str = "reminders") -> Engine:
    return engine_for(options.sqlalchemy_url, pool_size=pool_size, role=role, by_key=True)


def _fleet(options: Options, clock: Clock) -> Fleet:
    """Every provider, with its pacing and health in Redis: asked quickly or not at all, since
    without an answer all of them are open."""
    redis = Redis.from_url(options.redis_url, socket_connect_timeout=0.5, socket_timeout=0.5)
    providers = open_providers(options)
    virtual = options.clock == "virtual"
    rules = rules_with(BreakerRules(), options.breaker.model_dump())
    own = read_rules(options.provider_file, rules) if options.provider_file is not None else {}
    health = WatchedHealth(
        redis,
        providers,
        rules=rules,
        own=own,
        frozen=virtual,
        now=(lambda: clock.now().timestamp()) if virtual else None,
        business=None if virtual else clock.now,  # a virtual one is `now` already, and in Redis
        # A virtual clock stands still while anything waits on a stream.
        heard=None if virtual else HeardUntil(redis),
    )
    limits = NumberLimits(redis, options.hash_key.get_secret_value().encode())
    return Fleet(providers, Pacer(redis), health, numbers=limits, holds=not virtual)


def _preference_links(options: Options) -> PreferenceLinks | None:
    if not options.console_url:
        return None
    key = options.inbox_key.get_secret_value()
    return PreferenceLinks(options.console_url.rstrip("/"), key)


def open_pay_links(options: Options) -> PayLinks | None:
    """Short links, where the settings want them and customers can reach the console."""
    if not (options.short_links and options.console_url):
        return None
    return PayLinks(options.console_url.rstrip("/"), options.inbox_key.get_secret_value())


def _templates(options: Options) -> TemplateSet:
    """Raises `TemplateError` for a brand that has no words of its own."""
    templates = TemplateSet.load(options.template_folder)
    strange = sorted(set(options.brands.values()) - set(templates.brands))
    if strange:
        raise TemplateError(f"brand {strange[0]} has no folder brands/{strange[0]} of templates")
    return templates


def open_resources(
    options: Options,
    *,
    wake: Wake | None = None,
    pool_size: int = 2,
    role: str = "reminders",
) -> Resources:
    """Everything a process works with. Call it after a fork, once per process."""
    engine = open_engine(options, pool_size=pool_size, role=role)
    redis = open_redis(options.redis_url)
    clock = clock_of(options.clock, redis)
    opened = Resources(
        engine=engine,
        redis=redis,
        ring=open_ring(options),
        clock=clock,
        book=open_book(engine, options.policy_file, clock),
        templates=_templates(options),
        fleet=_fleet(options, clock),
        lender=options.lender,
        pay_url=options.pay_url.rstrip("/"),
        preference_links=_preference_links(options),
        pay_links=open_pay_links(options),
        brands=options.brands,
        collects_for_others=options.collects_for_others,
        approvals=Approvals(engine),
        limits=Limits(
            batch=options.batch,
            lease=timedelta(seconds=options.lease_s),
            gate_to_call_max=timedelta(seconds=options.gate_to_call_max_s),
            history=timedelta(days=options.history_days),
            channel_down_after=timedelta(seconds=options.channel_down_after_s),
            run_for=timedelta(seconds=options.run_for_s),
        ),
        wake=wake or Silent(),
    )
    memory.settle()
    return opened
