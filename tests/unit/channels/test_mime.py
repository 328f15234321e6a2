"""Hand-built mail, read back by the standard parser."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Message
from channels.email.smtp.mime import Skeleton, Unmailable, in_ascii, is_address
from channels.errors import ChannelSettingsError
from channels.sandbox.mail_text import read_mail

SKELETON = Skeleton("bills@lender.example.com", "示例银行, Ltd", "lender.example.com")
TEXT = st.text(st.characters(codec="utf-8"), max_size=400)


def mail(**changes: object) -> Message:
    fields: dict[str, object] = {
        "idempotency_key": str(uuid4()),
        "address": "li.lei+bills@mail.example.com",
        "text": "text",
        "language": "en",
        "subject": "subject",
        **changes,
    }
    return Message(**fields)  # type: ignore[arg-type]  # fields by name, from tests only


def parsed(content: bytes) -> EmailMessage:
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def canonical(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@settings(deadline=None)
@given(text=TEXT, html=TEXT, subject=TEXT)
def test_the_standard_parser_reads_back_what_went_in(text: str, html: str, subject: str) -> None:
    message = mail(text=text, html=html, subject=subject)
    content = SKELETON.build(message, now=1_772_438_400)
    found = parsed(content)
    assert not found.defects
    assert found["To"] == message.address
    assert found["From"].addresses[0].addr_spec == "bills@lender.example.com"
    assert found["From"].addresses[0].display_name == "示例银行, Ltd"
    assert found["Message-ID"] == f"<{message.idempotency_key}@lender.example.com>"
    assert found["Date"].datetime.timestamp() == 1_772_438_400
    assert len(found.items()) == 7 if html else 8
    bodies = {part.get_content_type(): part.get_content() for part in found.walk() if _leaf(part)}
    assert canonical(bodies["text/plain"]) == canonical(text)
    assert canonical(bodies.get("text/html", "")) == canonical(html)


def _leaf(part: EmailMessage) -> bool:
    return not part.is_multipart()


@settings(deadline=None)
@given(TEXT)
def test_lines_are_short_ascii_and_only_crlf(text: str) -> None:
    content = SKELETON.build(mail(text=text, subject=text, html=text))
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 120
    assert content.endswith(b"\r\n")


@pytest.mark.parametrize(
    "subject",
    [
        "Your bill is due",
        "账单提醒:您的账单将于三天后到期,请按时还款以免产生滞纳金和影响信用记录,谢谢您的配合",
        "=?utf-8?b?not encoded?=",
        "x" * 300,
        'quotes " and, commas; and <angles>',
    ],
)
def test_subjects_survive(subject: str) -> None:
    content = SKELETON.build(mail(subject=subject))
    assert parsed(content)["Subject"] == subject
    assert read_mail(content).subject == subject


@settings(deadline=None)
@given(name=st.text(max_size=30), value=st.text(max_size=60))
def test_no_header_can_smuggle_another(name: str, value: str) -> None:
    plain = len(parsed(SKELETON.build(mail())).keys())
    try:
        content = SKELETON.build(mail(headers={name: value}, subject=value))
    except Unmailable:
        return
    assert len(parsed(content).keys()) == plain + 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "b\r\nBcc: x@example.com"),
        ("X-A", "b\n c"),
        ("X-A: b\r\nBcc", "c"),
        ("Bcc", "x@example.com"),
        ("content-type", "text/html"),
        ("Message-ID", "<x@example.com>"),
        ("X-A", "汉"),
        ("X-A", ""),
    ],
)
def test_headers_that_are_refused(name: str, value: str) -> None:
    with pytest.raises(Unmailable):
        SKELETON.build(mail(headers={name: value}))


def test_unsubscribing_by_mail_is_offered_where_somebody_reads_it() -> None:
    sent = mail(headers={"List-Unsubscribe": "<https://lender.example.com/u/1>"})
    page = "<https://lender.example.com/u/1>"
    assert parsed(SKELETON.build(sent))["List-Unsubscribe"] == page
    read = parsed(SKELETON.build(sent, stop_at="bounce+1=a@lender.example.com"))
    assert read["List-Unsubscribe"] == (
        f"{page}, <mailto:bounce+1=a@lender.example.com?subject=unsubscribe>"
    )


def test_the_longest_link_leaves_no_line_that_is_too_long() -> None:
    """RFC 5322 §2.1.1: at most 998 characters in a line."""
    page = f"<https://lender.example.com/{'u' * 870}>"
    sent = mail(headers={"List-Unsubscribe": page})
    content = SKELETON.build(sent, stop_at=f"bounce+{'0' * 32}={'a' * 16}@lender.example.com")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert parsed(content)["List-Unsubscribe"].startswith(f"{page}, <mailto:bounce+")


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@b", "a b@x.example.com", "a@x.example.com\n", "<a@x.example.com>", "a@-x.com",
     "a@x..com", ".a@x.com", "a" * 65 + "@x.com", "a@" + "x." * 130 + "com", "李@x.example.com"],
)  # fmt: skip
def test_addresses_that_are_none(address: str) -> None:
    assert not is_address(address)
    with pytest.raises(Unmailable):
        SKELETON.build(mail(address=address))


def test_a_non_ascii_address_is_not_declared_dead() -> None:
    with pytest.raises(Unmailable) as caught:
        SKELETON.build(mail(address="李@x.example.com"))
    assert not caught.value.dead_contact


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("li@例子.中国", "li@xn--fsqu00a.xn--fiqs8s"),
        ("li@Bücher.example.com", "li@xn--bcher-kva.example.com"),
        ("li@straße.example.com", ""),  # strasse.example.com is somebody else's
        ("李@例子.中国", ""),
        ("li@" + "例" * 80 + ".com", ""),
        ("li@例子..com", ""),
        ("li@example.com", ""),
        ("例子", ""),
    ],
)
def test_a_domain_has_a_form_that_every_server_takes(address: str, wanted: str) -> None:
    assert in_ascii(address) == (wanted or address)
    assert is_address(in_ascii(address)) is (bool(wanted) or address.isascii())


def test_a_sender_that_is_none_stops_the_start() -> None:
    with pytest.raises(ChannelSettingsError):
        Skeleton("nobody", "", "example.com")
    with pytest.raises(ChannelSettingsError):
        Skeleton("a@lender.example.com", "", "bad domain")


@settings(deadline=None)
@given(text=TEXT, html=TEXT)
def test_the_sandbox_reads_any_standard_mail(text: str, html: str) -> None:
    ours = read_mail(SKELETON.build(mail(text=text, html=html)))
    assert canonical(ours.text) == canonical(text)
    standard = EmailMessage()
    standard["Message-ID"] = "<some-reference@lender.example.com>"
    standard.set_content("plain text")
    standard.add_alternative("<p>html</p>", subtype="html")
    theirs = read_mail(standard.as_bytes(policy=policy.SMTP))
    assert (theirs.reference, theirs.text.strip()) == ("some-reference", "plain text")
