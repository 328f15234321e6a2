"""Mailboxes: every mail is taken, marked only once it is safe, and none is lost by a fault."""

from __future__ import annotations

import asyncio
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from channels.contract import Post
from channels.email.mailbox import Place, listen
from channels.email.mailbox.box import AT_ONCE, MOST_BYTES, Kept, MailboxTrouble, MailTrouble
from channels.email.mailbox.imap import ImapFolder
from channels.email.mailbox.maildir import Maildir

QUICK = timedelta(milliseconds=20)


def maildir(folder: Path) -> Path:
    for name in ("tmp", "new", "cur"):
        (folder / name).mkdir()
    return folder


def all_read(folder: Path) -> bool:
    return not any((folder / "new").iterdir())


def delivered(folder: Path, name: str, raw: bytes = b"Subject: x\n\nhello") -> None:
    path = folder / "new" / name
    path.write_bytes(raw)
    os.utime(path, (1_700_000_000, 1_700_000_000))


def maildir_place(folder: Path) -> Place:
    return Place("email", f"maildir:{folder}", every=QUICK)


async def heard(place: Place, marked: Callable[[], bool], refuse: int = 0) -> list[Post]:
    """What a listener hands on until all is `marked`; the first `refuse` mails are refused."""
    posts: list[Post] = []
    left = refuse

    async def take(post: Post) -> None:
        nonlocal left
        if left:
            left -= 1
            raise ConnectionError("no stream")
        posts.append(post)

    for _ in range(refuse + 1):
        listening = asyncio.create_task(listen(place, take))
        async with asyncio.timeout(60):
            while not (marked() or listening.done()):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)  # in which the mailbox says that it has marked the last one
        listening.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await listening
    return posts


def test_a_maildir_is_read_in_order_and_marked(tmp_path: Path) -> None:
    folder = maildir(tmp_path)
    delivered(folder, "1700000001.a", b"first")
    delivered(folder, "1700000002.b", b"second")
    posts = asyncio.run(heard(maildir_place(folder), lambda: all_read(folder)))
    assert [post.body for post in posts] == [b"first", b"second"]
    assert posts[0].headers == {"content-type": "message/rfc822"}
    assert "2023-11-14T22%3A13%3A20" in posts[0].url
    assert sorted(each.name for each in (folder / "cur").iterdir()) == [
        "1700000001.a:2,S",
        "1700000002.b:2,S",
    ]
    assert not list((folder / "new").iterdir())


def test_a_mail_that_the_stream_did_not_take_stays_and_comes_again(tmp_path: Path) -> None:
    folder = maildir(tmp_path)
    delivered(folder, "1700000001.a")
    posts = asyncio.run(heard(maildir_place(folder), lambda: all_read(folder), refuse=1))
    assert len(posts) == 1
    assert not list((folder / "new").iterdir())


def test_a_huge_mail_is_read_to_its_limit(tmp_path: Path) -> None:
    folder = maildir(tmp_path)
    delivered(folder, "1.a", b"x" * (MOST_BYTES + 1))
    kept = Maildir(folder).fetch("1.a")
    assert kept is not None
    assert len(kept.raw) == MOST_BYTES


def test_a_mail_that_somebody_else_took_is_no_trouble(tmp_path: Path) -> None:
    box = Maildir(maildir(tmp_path))
    assert box.fetch("gone") is None
    box.mark("gone")
    with pytest.raises(MailboxTrouble):
        Maildir(tmp_path / "nowhere").waiting()


@dataclass
class Folder:
    """What a small IMAP server holds, and what was asked of it."""

    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    drop_fetches: int = 0
    damaged: set[int] = field(default_factory=set)


class Imap(socketserver.StreamRequestHandler):
    """Just enough of RFC 9051."""

    folder: ClassVar[Folder]

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        for raw in self.rfile:
            tag, _, asked = raw.decode().strip().partition(" ")
            self.folder.asked.append(asked)
            told = self._told(asked)
            if told is None:
                return
            if told == b"NO":
                self.wfile.write(f"{tag} NO [SERVERBUG] cannot read it\r\n".encode())
                continue
            self.wfile.write(told + f"{tag} OK done\r\n".encode())

    def _told(self, asked: str) -> bytes | None:
        verb = asked.removeprefix("UID ").split()[0]
        uid = int(asked.split()[2]) if verb in ("FETCH", "STORE") else 0
        if verb == "FETCH":
            return self._fetched(uid)
        if verb == "STORE":
            self.folder.seen.add(uid)
        unseen = " ".join(str(each) for each in self.folder.mails if each not in self.folder.seen)
        told = {
            "CAPABILITY": "* CAPABILITY IMAP4rev1\r\n",
            "SELECT": f"* {len(self.folder.mails)} EXISTS\r\n",
            "SEARCH": f"* SEARCH {unseen}\r\n",
        }
        return told.get(verb, "").encode()

    def _fetched(self, uid: int) -> bytes | None:
        if self.folder.drop_fetches:
            self.folder.drop_fetches -= 1
            return None
        if uid in self.folder.damaged:
            return b"NO"
        raw = self.folder.mails[uid]
        told = f'* 1 FETCH (UID {uid} INTERNALDATE "14-Nov-2023 22:13:20 +0000" BODY[]<0> '
        return told.encode() + b"{%d}\r\n" % len(raw) + raw + b")\r\n"


@contextmanager
def imap(folder: Folder) -> Iterator[Place]:
    handler = type("Bound", (Imap,), {"folder": folder})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
        thread.start()
        try:
            url = f"imap://127.0.0.1:{server.server_address[1]}/Bounces"
            timeout = timedelta(seconds=30)
            yield Place("email", url, "lender", "invented", "", True, QUICK, timeout)
        finally:
            server.shutdown()
            thread.join()


def test_an_imap_folder_is_read_and_marked() -> None:
    folder = Folder({3: b"first\r\n", 12: b"second\r\n"}, seen={12})
    with imap(folder) as place:
        (post,) = asyncio.run(heard(place, lambda: folder.seen == {3, 12}))
    assert post.body == b"first\r\n"
    assert "2023-11-14T22%3A13%3A20" in post.url
    assert 'SELECT "Bounces"' in " ".join(folder.asked)
    assert any("BODY.PEEK[]" in each for each in folder.asked)


def test_a_line_that_breaks_costs_no_mail() -> None:
    folder = Folder({3: b"first\r\n"}, drop_fetches=1)
    with imap(folder) as place:
        (post,) = asyncio.run(heard(place, lambda: folder.seen == {3}))
    assert post.body == b"first\r\n"


def test_a_damaged_mail_keeps_none_behind_it_waiting() -> None:
    folder = Folder({3: b"first\r\n", 4: b"second\r\n"}, damaged={3})
    with imap(folder) as place:
        (post,) = asyncio.run(heard(place, lambda: folder.seen == {4}))
    assert post.body == b"second\r\n"
    assert sum("SELECT" in each for each in folder.asked) == 1


def test_a_damaged_mail_slows_down_no_backlog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full round is followed by the next one at once, whatever in it could not be read."""
    folder = maildir(tmp_path)
    for number in range(AT_ONCE + 5):
        delivered(folder, f"{number:03}.a")
    fetch = Maildir.fetch

    def damaged(box: Maildir, name: str) -> Kept | None:
        if name == "000.a":
            raise MailTrouble("a mail in the folder: Input/output error")
        return fetch(box, name)

    monkeypatch.setattr(Maildir, "fetch", damaged)
    place = replace(maildir_place(folder), every=timedelta(hours=1))
    left = folder / "new"
    posts = asyncio.run(heard(place, lambda: len(list(left.iterdir())) == 1))
    assert len(posts) == AT_ONCE + 4


def test_a_mailbox_that_is_away_says_so_without_its_secrets() -> None:
    place = Place("email", "imap://127.0.0.1:1/INBOX", "lender", "invented", without_tls=True)
    with pytest.raises(MailboxTrouble) as caught:
        ImapFolder(place)
    assert "invented" not in str(caught.value)
    assert "invented" not in repr(place)


def test_a_listener_ends_while_its_mailbox_hangs() -> None:
    async def scene(port: int) -> bool:
        async def nothing(post: Post) -> None:
            raise AssertionError(post)

        url = f"imap://127.0.0.1:{port}/INBOX"
        quick = Place("email", url, without_tls=True, timeout=timedelta(seconds=0.3))
        listening = asyncio.create_task(listen(quick, nothing))
        await asyncio.sleep(0.05)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        return listening.cancelled()

    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes the call and says nothing
        assert asyncio.run(scene(silent.getsockname()[1]))
