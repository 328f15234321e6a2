"""The page of previews is for operators alone."""

from __future__ import annotations

from base64 import b64encode

import pytest

from reminders.console.asgi import Refused
from reminders.console.preview import PATH, PreviewDoor
from reminders.ledger.errors import LedgerError
from reminders.messages.errors import TemplateError
from reminders.services.compose_preview import Asked
from tests.unit.console.asgi_client import Answer, call, run


class Desk:
    """Remembers what was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[Asked] = []
        self.error = error

    def page(self, asked: Asked) -> str:
        if self.error:
            raise self.error
        self.asked.append(asked)
        return "<p>页面</p>"


def ask(desk: Desk, authorization: str, query: str = "") -> Answer:
    door = PreviewDoor(desk, {"ann": "a-token", "unset": ""})
    return run(call(door, "GET", PATH, headers={"authorization": authorization}, query=query))


def test_an_operator_sees_what_was_asked_for() -> None:
    desk = Desk()
    basic = b64encode(b"ann:a-token").decode()
    for authorization in ("Bearer a-token", f"Basic {basic}"):
        answer = ask(desk, authorization, "kind=overdue&language=zh-CN&bill=B-1&urgency=high")
        assert (answer.status, answer.body.decode()) == (200, "<p>页面</p>")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert desk.asked == [Asked("overdue", "zh-CN", "", "high", "B-1")] * 2


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer b", "Basic !", "Basic YTo="])
def test_nobody_else_does(authorization: str) -> None:
    desk = Desk()
    with pytest.raises(Refused) as caught:
        ask(desk, authorization)
    assert (caught.value.status, desk.asked) == (401, [])


@pytest.mark.parametrize(
    ("error", "status"),
    [(TemplateError("no kind"), 422), (LedgerError("no bill"), 404)],
)
def test_what_does_not_exist_is_said_in_one_line(error: Exception, status: int) -> None:
    with pytest.raises(Refused, match=str(error)) as caught:
        ask(Desk(error), "Bearer a-token")
    assert caught.value.status == status


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(Refused, match="there is no colour"):
        ask(Desk(), "Bearer a-token", "colour=red")
