"""The preference page: one customer's own, in words they read, and nothing that it cannot undo."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from reminders.console.doors import Doors
from reminders.console.preferences import MAX_BODY, PATH, PreferencesDoor
from reminders.services.inbox_token import inbox_token
from reminders.services.preferences.change import Changed
from reminders.services.preferences.disclosure import Disclosure
from reminders.services.preferences.errors import LastChannel, PreferenceError, UnknownCustomer
from reminders.services.preferences.passes import preference_pass
from reminders.services.preferences.show import Notice, Setting, Standing
from tests.unit.console.asgi_client import Answer, call, run

KEY = "page-key"
SOON = datetime.now(UTC) + timedelta(hours=1)
HOSTILE = '"><script>alert(1)</script>'
CHANGE_NO = uuid4()
KINDS = {"pre_due": True, "due_today": True, "overdue": False, "payment_received": True}
NOTICE = Notice("B-1", "d-3", "pre_due", datetime(2026, 3, 8, 2, 0, tzinfo=UTC), "email")
STANDING = Standing(
    ref="C-1",
    language="en",
    time_zone="Asia/Taipei",
    settings=(
        Setting("sms", "+86161****0001", reachable=True, on=True, kinds=KINDS),
        Setting("email", "c***@example.com", reachable=True, on=False, kinds=KINDS),
        Setting("in_app", "", reachable=False, on=True, kinds=KINDS),
    ),
    offsets=(-3,),
    choices=(-7, -3, -1),
    notices=(NOTICE,),
    changes=(),
)


@dataclass
class Desk:
    """Remembers what it was asked, and answers as it is told."""

    standing: Standing = STANDING
    fails: Exception | None = None
    asked: list[tuple[object, ...]] = field(default_factory=list)

    def show(self, ref: str) -> Standing:
        return self.standing

    def change(self, ref: str, channel: str, kind: str, allowed: bool) -> Changed:
        self.asked.append((ref, channel, kind, allowed))
        if self.fails:
            raise self.fails
        said = Disclosure("en/optout_disclosure.in_app@1", "en", f"It is off. {HOSTILE}")
        shown = None if allowed else said
        return Changed(CHANGE_NO, "", True, shown, ("email",), (NOTICE,))

    def unsubscribe(self, ref: str, channel: str) -> None:
        self.asked.append((ref, channel, "unsubscribe"))

    def choose(self, ref: str, offsets: Sequence[int]) -> None:
        self.asked.append((ref, tuple(offsets)))

    def acknowledge(self, ref: str, change_no: UUID, version: str, language: str) -> bool:
        self.asked.append((ref, change_no, version, language))
        return True


async def _nothing() -> None:
    return None


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def app(desk: Desk) -> Doors:
    return Doors({}, {PATH: PreferencesDoor(desk, KEY)}, _nothing)


def path(act: str = "", ref: str = "C-1", until: datetime = SOON) -> str:
    return f"{PATH}{preference_pass(ref, KEY, until)}{act}"


def get(app: Doors, where: str, **headers: str) -> Answer:
    return run(call(app, "GET", where, headers=headers))


def post(app: Doors, where: str, fields: Mapping[str, object], **headers: str) -> Answer:
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return run(call(app, "POST", where, urlencode(fields, doseq=True).encode(), form))


def ask(app: Doors, method: str, where: str, given: object = None) -> Answer:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    body = b"" if given is None else json.dumps(given).encode()
    return run(call(app, method, where, body, headers))


class Page(HTMLParser):
    """The parts of a page that matter to whoever cannot see it, and the forms it offers."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.actions: list[str] = []
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "form":
            assert named["method"] == "post"
            self.actions.append(named["action"])
            self.forms.append({})
        elif tag == "input" and "name" in named:
            self.forms[-1][named["name"]] = named["value"]


def test_the_page_shows_each_channel_its_kinds_the_days_and_what_comes_next(app: Doors) -> None:
    """S1.1, S1.2, S1.18: self-service, per channel and kind, with one's own days."""
    answer = get(app, path())
    html = answer.body.decode()
    assert answer.status == 200
    for words in ("Text message: on", "E-mail: off", "After the due date: off", "3 before"):
        assert words in html
    assert "2026-03-08 10:00: bill B-1, Before the due date, by E-mail" in html
    assert "One reminder before each due date stays on" in html
    page = Page(answer.body)
    assert page.tags.count("h1") == page.tags.count("main") == 1
    assert not {"script", "img", "iframe", "link"} & set(page.tags)
    assert {"channel": "sms", "kind": "*", "allowed": "off"} in page.forms
    assert {"channel": "email", "kind": "*", "allowed": "on"} in page.forms
    assert {"channel": "sms", "kind": "overdue", "allowed": "on"} in page.forms
    assert not any(form.get("kind") != "*" for form in page.forms if form.get("channel") == "email")


def test_the_page_speaks_the_customers_language(app: Doors, desk: Desk) -> None:
    desk.standing = replace(STANDING, language="zh-TW")
    html = get(app, path()).body.decode()
    assert '<html lang="zh-CN">' in html
    assert "短信: 已开启" in html
    assert "prefers-color-scheme:dark" in html
    assert 'name="viewport"' in html


def test_a_page_loads_nothing_tells_nobody_and_is_kept_nowhere(app: Doors) -> None:
    headers = get(app, path()).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "set-cookie" not in headers


def test_switching_off_answers_with_the_disclosure_and_its_acknowledgement(
    app: Doors, desk: Desk
) -> None:
    """S1.14: told, and that it was read is kept for that change and those words."""
    answer = post(app, path(), {"channel": "sms", "kind": "*", "allowed": "off"})
    assert answer.status == 200
    assert desk.asked == [("C-1", "sms", "*", False)]
    html = answer.body.decode()
    assert "Text message: All reminders is now off" in html
    assert "It is off." in html
    assert "<script>" not in html
    page = Page(answer.body)
    (form,) = (form for form in page.forms if "seen" in form)
    thanks = post(app, page.actions[0], form)
    assert thanks.status == 200
    assert desk.asked[-1] == ("C-1", CHANGE_NO, "en/optout_disclosure.in_app@1", "en")


def test_what_was_never_shown_cannot_be_acknowledged(app: Doors, desk: Desk) -> None:
    for seen in ("", "forged", preference_pass("C-1", KEY, SOON)):
        assert post(app, path("/acknowledge"), {"seen": seen}).status == 422
    assert desk.asked == []


def test_days_are_chosen_from_what_is_offered(app: Doors, desk: Desk) -> None:
    assert post(app, path("/offsets"), {"offset": ["-7", "-1"]}).status == 200
    assert post(app, path("/offsets"), {}).status == 200
    assert desk.asked == [("C-1", (-7, -1)), ("C-1", ())]
    assert post(app, path("/offsets"), {"offset": ["soon"]}).status == 422


def test_the_same_paths_speak_json(app: Doors, desk: Desk) -> None:
    shown = ask(app, "GET", path()).json
    assert shown["channels"][0]["kinds"] == KINDS
    assert shown["choices"] == [-7, -3, -1]
    made = ask(app, "POST", path(), {"channel": "sms", "allowed": False}).json
    assert made["effective"]
    assert made["remaining"] == ["email"]
    assert made["disclosure"]["version"] == "en/optout_disclosure.in_app@1"
    seen = {"seen": made["disclosure"]["seen"]}
    assert ask(app, "POST", path("/acknowledge"), seen).status == 200
    assert ask(app, "POST", path("/offsets"), {"offsets": [-3]}).json["offsets"] == [-3]
    assert ask(app, "POST", path(), {"channel": "sms", "allowed": True}).json["disclosure"] is None
    assert desk.asked[0] == ("C-1", "sms", "*", False)


@pytest.mark.parametrize(
    ("fails", "status", "says"),
    [
        (LastChannel("sms"), 409, "Text message stays on: it is the last channel"),
        (UnknownCustomer("no customer is called C-1"), 404, "no customer is called"),
        (PreferenceError("sms is off as a whole"), 422, "off as a whole"),
        (PreferenceError(HOSTILE), 422, "&lt;script&gt;"),
    ],
)
def test_a_refusal_is_a_page_with_one_line(
    app: Doors, desk: Desk, fails: Exception, status: int, says: str
) -> None:
    desk.fails = fails
    fields = {"channel": "sms", "kind": "*", "allowed": "off"}
    answer = post(app, path(), fields)
    assert answer.status == status
    assert says in answer.body.decode()
    assert "<script>" not in answer.body.decode()
    told = ask(app, "POST", path(), {"channel": "sms", "allowed": False})
    assert told.status == status
    assert list(told.json) == ["error"]


@pytest.mark.parametrize(
    "where",
    [
        PATH,
        f"{PATH}forged",
        path(until=datetime.now(UTC) - timedelta(seconds=1)),
        f"{PATH}{preference_pass('C-1', 'another-key', SOON)}",
        f"{PATH}{inbox_token('C-1', KEY, SOON)}",
    ],
)
def test_no_page_without_a_fresh_pass(app: Doors, desk: Desk, where: str) -> None:
    assert get(app, where).status == 401
    assert "no longer good" in get(app, where).body.decode()
    assert "已失效" in get(app, where, **{"Accept-Language": "zh-CN,zh;q=0.9"}).body.decode()
    assert post(app, where, {"channel": "sms", "allowed": "off"}).status == 401
    assert ask(app, "GET", where).status == 401
    assert desk.asked == []


def test_bad_requests_are_refused_in_one_line(app: Doors, desk: Desk) -> None:
    assert post(app, path(), {"channel": "sms", "allowed": "perhaps"}).status == 422
    assert post(app, path(), {"channel": ["sms", "email"], "allowed": "off"}).status == 422
    assert post(app, path(), {"channel": "s" * MAX_BODY, "allowed": "off"}).status == 413
    assert post(app, path("/elsewhere"), {}).status == 404
    assert get(app, path("/acknowledge")).status == 405
    assert run(call(app, "DELETE", path())).status == 405
    assert run(call(app, "POST", path(), b"{", {"Content-Type": "application/json"})).status == 400
    assert run(call(app, "POST", path(), b"[]", {"Content-Type": "application/json"})).status == 400
    assert run(call(app, "POST", path(), b"x", {"Content-Type": "text/plain"})).status == 415
    assert ask(app, "POST", path(), {"channel": {"a": 1}, "allowed": [True, False]}).status == 422
    assert desk.asked == []


FORM = b"application/x-www-form-urlencoded"
PARTS = b"multipart/form-data; boundary=x"
IN_PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)


@pytest.mark.parametrize(
    ("body", "kind"), [(b"List-Unsubscribe=One-Click", FORM), (IN_PARTS, PARTS)]
)
def test_one_click_ends_e_mail_at_once(app: Doors, desk: Desk, body: bytes, kind: bytes) -> None:
    """I3, RFC 8058: a POST of a mail provider, in either form, without cookie or login."""
    answer = run(call(app, "POST", path(), body, {"Content-Type": kind.decode()}))
    assert answer.status == 200
    assert desk.asked == [("C-1", "email", "unsubscribe")]


def test_whoever_only_follows_the_link_changes_nothing(app: Doors, desk: Desk) -> None:
    assert get(app, path()).status == 200
    assert desk.asked == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"List-Unsubscribe=No", FORM),
        (b"List-Unsubscribe=One-Click", b"text/plain"),
        (IN_PARTS.replace(b"One-Click", b"No"), PARTS),
        (b"\xff", FORM),
        (b"--", b"multipart/form-data; boundary*0*=%"),
    ],
)
def test_other_posts_are_no_unsubscription(
    app: Doors, desk: Desk, body: bytes, kind: bytes
) -> None:
    answer = run(call(app, "POST", path(), body, {"Content-Type": kind.decode()}))
    assert answer.status in (400, 415, 422)
    assert desk.asked == []


def test_one_click_wants_a_pass_of_ours(app: Doors, desk: Desk) -> None:
    old = path(until=datetime.now(UTC) - timedelta(seconds=1))
    for where in (old, f"{PATH}rubbish"):
        body = b"List-Unsubscribe=One-Click"
        answer = run(call(app, "POST", where, body, {"Content-Type": FORM.decode()}))
        assert answer.status == 401
    assert desk.asked == []
