"""Words on a real ledger: notices wait for a second person, links lead to bills, previews send
nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from channels.in_app.provider import click_receipt_body
from config.settings import SHIPPED
from reminders.domain.identity import make_id
from reminders.ledger.pay_links import bill_of
from reminders.messages.catalogue import Message
from reminders.messages.templates import TemplateSet
from reminders.services.approvals import Approvals
from reminders.services.callbacks import Callback
from reminders.services.compose_preview import Asked, preview_bill
from reminders.services.links import PayLinks
from reminders.services.receipts import apply
from tests.integration.cli.conftest import Command, World

NOTICE = "en/legal_notice.sms"


def texts(world: World) -> list[str]:
    """What was written, newest last."""
    with world.resources.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT s.key_id, s.ciphertext FROM attempt a JOIN message_secret s"
                " ON s.owner_id = a.attempt_id ORDER BY a.submitted_at"
            )
        ).all()
    return [world.resources.ring.open(key_id, sealed).decode() for key_id, sealed in rows]


@pytest.fixture
def noticing(world: World) -> World:
    """Its overdue stages are formal notices, as a policy could name them."""
    engine = world.resources.engine
    world.resources = replace(world.resources, approvals=Approvals(engine))
    world.customer("C-1")
    world.bill("C-1", "B-1", due_on="2026-03-21")
    world.work()
    with engine.begin() as connection:
        connection.execute(text("UPDATE reminder SET kind = 'legal_notice' WHERE kind = 'overdue'"))
    return world


def test_a_notice_that_nobody_approved_is_not_sent(noticing: World) -> None:
    """S3.5, S3.17: a legal text is sent once a second person has approved it."""
    noticing.at("2026-03-22T11:00")
    assert not any("Formal notice" in each for each in texts(noticing))
    with noticing.resources.engine.connect() as connection:
        states = connection.execute(
            text("SELECT state, reason FROM reminder WHERE kind = 'legal_notice' ORDER BY due_at")
        ).all()
    assert ("suppressed", "content") in [tuple(each) for each in states]


def test_an_approved_one_is(noticing: World, reminders: Command) -> None:
    for message in noticing.resources.templates.contents:
        if message.kind == "legal_notice" and message.language == "en":
            assert reminders("messages", "propose", str(message), "--as", "ann").exit_code == 0
            own = reminders("messages", "approve", str(message), "--as", "Ann")
            assert own.exit_code == 2
            assert "another person must approve it" in own.output
            assert reminders("messages", "approve", str(message), "--as", "bo").exit_code == 0
    noticing.at("2026-03-22T11:00")
    assert any("Formal notice about your bill" in each for each in texts(noticing))


def test_who_may_do_what_is_said_in_one_line(world: World, reminders: Command) -> None:
    early = reminders("messages", "approve", NOTICE, "--as", "bo")
    assert (early.exit_code, early.output.count("\n")) == (2, 1)
    assert "propose it first" in early.output
    assert "there is no template" in reminders("messages", "propose", "en/x", "--as", "a").output
    assert reminders("messages", "propose", NOTICE, "--as", "ann").exit_code == 0
    assert (
        "proposed already, by ann" in reminders("messages", "propose", NOTICE, "--as", "b").output
    )
    assert reminders("messages", "approve", NOTICE, "--as", "bo").exit_code == 0
    listed = reminders("messages", "list").output
    assert "approved by bo, proposed by ann" in listed
    assert f"{world.resources.templates.labels[Message('en', 'legal_notice', 'sms')]} " in listed
    revoked = reminders("messages", "revoke", NOTICE, "--as", "cy", "--reason", "typing error")
    assert revoked.exit_code == 0
    assert "approved by bo" not in reminders("messages", "list").output
    with world.resources.engine.connect() as connection:
        kept = connection.execute(text("SELECT act, actor FROM template_act ORDER BY act_no")).all()
        assert [tuple(each) for each in kept] == [
            ("propose", "ann"),
            ("approve", "bo"),
            ("revoke", "cy"),
        ]
        with pytest.raises(DatabaseError):
            connection.execute(text("UPDATE template_act SET actor = 'x'"))


def test_a_short_link_leads_to_its_bill_and_a_click_is_an_act(world: World) -> None:
    links = PayLinks("https://b.example.com", "key")
    world.resources = replace(world.resources, pay_links=links)
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.at("2026-03-24T10:00")
    with world.resources.engine.connect() as connection:
        found = connection.execute(
            text("SELECT attempt_id FROM attempt WHERE channel = 'sms'")
        ).scalar_one()
        attempt = UUID(str(found))
        assert bill_of(connection, attempt) == "B-1"
        assert bill_of(connection, make_id(202603, 5, "other")) == ""
        assert bill_of(connection, UUID(int=0)) == ""
    (said,) = [each for each in texts(world) if "https://b.example.com/p/" in each]
    token = said.partition("/p/")[2][:32]
    link = links.read(token)
    assert link is not None
    assert link.attempt_id == attempt
    assert "pay.example.com/B-1" not in said
    text_message = preview_bill(world.resources, Asked(bill="B-1")).shown[0].rendered
    assert text_message is not None
    assert len(text_message.link) == len(f"https://b.example.com/p/{token}")  # as it is priced
    body = click_receipt_body(str(attempt), world.clock.now())
    assert apply(world.resources, [Callback("3-0", "in_app", body)]).changed == 1
    with world.resources.engine.connect() as connection:
        state = connection.execute(
            text("SELECT state FROM attempt WHERE attempt_id = :id"), {"id": attempt}
        ).scalar_one()
    assert state == "acted"


def test_a_product_speaks_as_its_brand(world: World, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED / "templates", tmp_path / "templates"))
    (folder / "brands" / "acme").mkdir(parents=True)
    (folder / "brands" / "acme" / "lender.j2").write_text("Acme Pay", encoding="utf-8")
    templates = TemplateSet.load(folder)
    world.resources = replace(world.resources, templates=templates, brands={"credit_card": "acme"})
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.at("2026-03-24T10:00")
    said = texts(world)
    assert said
    assert all("Acme Pay" in each and "Example Credit" not in each for each in said)


def test_a_preview_of_a_real_bill_sends_nothing(
    world: World, reminders: Command, tmp_path: Path
) -> None:
    world.customer("C-1")
    world.bill("C-1", "B-1")
    page = tmp_path / "page.html"
    told = reminders("messages", "preview", "--bill", "B-1", "--html", str(page))
    assert told.exit_code == 0, told.output
    shown = page.read_text(encoding="utf-8")
    assert shown.count("NT$1,234.00") >= 5
    assert "Preview of pre_due" in shown
    assert texts(world) == []
    unknown = reminders("messages", "preview", "--bill", "B-9")
    assert unknown.exit_code != 0
    folder = Path(shutil.copytree(SHIPPED / "templates", tmp_path / "templates"))
    (folder / "en/already_paid.j2").write_text("Paid? Fine.", encoding="utf-8")
    given = ("--bill", "B-1", "--urgency", "", "--templates", str(folder))
    assert "Paid? Fine." in reminders("messages", "preview", *given).output
    foreign = reminders("messages", "preview", "--bill", "B-1", "--pack", "cn")
    assert (foreign.exit_code, foreign.output.count("\n")) == (2, 1)
    later = reminders("messages", "preview", "--bill", "B-1", "--kind", "overdue").output
    assert "as on 2026-03-26" in later
    assert "1 day overdue" in later
