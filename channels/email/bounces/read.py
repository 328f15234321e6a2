"""Reads a mail that came back: a report (RFC 3464), a complaint (RFC 5965) or mere words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from channels.email.bounces.bounce import Bounce, Kind
from channels.email.bounces.letter import Letter, heads_of, open_letter
from channels.email.bounces.traces import ADDRESS, date_of, message_ids, return_paths
from channels.email.bounces.verdict import Verdict, judge

# A subject that is quoted for people is the sender's own words and no server's.
_QUOTED_SUBJECT = re.compile(
    r"^[ \t>*]*(?:subject|betreff|objet|sujet|asunto|assunto|oggetto|тема|主题|主題|件名)"
    r"[ \t]*[:\uff1a][^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# A line that begins with an address begins what is said of that recipient.
_RECIPIENT_LINE = re.compile(
    r"^[ \t]*<?[^\s<>:]{1,64}@[A-Za-z0-9.-]{1,253}>?(?=[\s:,.\[(]|$)", re.M
)

# Feedback that is no complaint of the customer's (RFC 6591, RFC 6650 §5, RFC 7489 §7.3).
_NO_COMPLAINT = ("auth-failure", "not-spam", "dmarc")
_ROBOT = re.compile(
    r"mailer.?daemon|\bmdaemon@|postmaster|mail ?deliver\w* ?(?:sub)?system|mail ?system|^<>$",
    re.IGNORECASE,
)
_NO_REPLY = re.compile(r"no-?reply@", re.IGNORECASE)  # servers have it, and shops that say thanks
_BOUNCED = re.compile(
    r"undeliver|deliver\w* (?:status|fail|problem|notif|error|report)|"
    r"(?:delivery|mail|message)\b.{0,20}\b(?:fail|error|return)|"
    r"returned (?:mail|to sender)|failure (?:notice|delivery)|non.?(?:delivery|remis|d[ée]livr)|"
    r"could(?:n't| not) be (?:delivered|sent)|was not delivered|unable to deliver|did not reach|"
    r"退信|无法投递|送信できません|unzustellbar",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"\s*(?:re|aw|sv|回复|答复)\s*[:\uff1a]", re.IGNORECASE)
_AUTO_REPLY = re.compile(
    r"^(?:auto(?:matic|mated)?[ -]?(?:reply|response)|auto:|out of (?:the )?office|vacation|"
    r"自动(?:回复|答复)|自動(?:返信|応答)|abwesen|r[ée]ponse automatique)",
    re.IGNORECASE,
)
_WAITING = re.compile(
    r"this is a warning message only|will be retried|no action is required|"
    r"(?:attempts|tries) will continue|not yet been delivered|delivery (?:has been|is) delayed|"
    r"notification \(delay\)|has been delayed",
    re.IGNORECASE,
)


def read_bounce(raw: bytes) -> Bounce | None:
    """What `raw` says, or None if it is some other mail. Never raises, whatever the bytes."""
    letter = open_letter(raw)
    letter = replace(letter, words=_QUOTED_SUBJECT.sub("", letter.words))
    read = _complaint(letter) or _auto_reply(letter) or _failure(letter)
    if read is None:
        return None
    kind, verdict, recipient = read
    return Bounce(
        kind=kind,
        hard=verdict.hard,
        status=verdict.status,
        reply_code=verdict.reply_code,
        reason=verdict.reason,
        recipient=recipient,
        at=date_of(letter),
        message_ids=message_ids(letter),
        return_paths=return_paths(letter),
    )


_Read = tuple[Kind, Verdict, str]


def _complaint(letter: Letter) -> _Read | None:
    if not letter.feedback:
        return None
    fields = dict(reversed(heads_of(letter.feedback)))
    sort = fields.get("feedback-type", "abuse").lower()
    kind = Kind.NOTICE if sort in _NO_COMPLAINT else Kind.COMPLAINT
    reason = "complaint" if kind is Kind.COMPLAINT else sort.replace("-", "_")
    recipient = ADDRESS.search(fields.get("original-rcpt-to", ""))
    return kind, Verdict(reason, False), recipient[0] if recipient else ""


def _auto_reply(letter: Letter) -> _Read | None:
    """An answer that a machine wrote for somebody (RFC 3834), not one about delivery."""
    if _groups(letter.reports) or _from_robot(letter):
        return None
    marks = letter.head(
        "auto-submitted", "x-auto-response-suppress", "x-autoreply", "x-autorespond"
    )
    marked = any(each.lower() not in ("no", "") for each in marks) or any(
        each.lower() in ("auto_reply", "auto-reply") for each in letter.head("precedence")
    )
    subject = " ".join(letter.head("subject"))
    if _BOUNCED.search(subject) or not (marked or _AUTO_REPLY.search(subject)):
        return None
    return Kind.AUTO_REPLY, Verdict("auto_reply", False), ""


def _from_robot(letter: Letter, robot: re.Pattern[str] = _ROBOT) -> bool:
    return any(robot.search(each) for each in letter.head("from", "sender"))


@dataclass(frozen=True, slots=True)
class _Group:
    """What a report says of one recipient."""

    recipient: str
    action: str
    status: str
    said: str


def _groups(reports: str) -> list[_Group]:
    found = []
    for paragraph in re.split(r"\n[ \t]*\n", reports):
        fields = dict(reversed(heads_of(paragraph)))
        if not ("status" in fields or "diagnostic-code" in fields or "action" in fields):
            continue
        to = fields.get("final-recipient") or fields.get("original-recipient", "")
        recipient = ADDRESS.search(to)
        status = _STATUS.search(fields.get("status", ""))
        said = " ".join(fields.get("diagnostic-code", "").partition(";")[2].split())
        found.append(
            _Group(
                recipient[0] if recipient else "",
                fields.get("action", "").lower().strip(),
                status[0] if status else "",
                said or fields.get("diagnostic-code", ""),
            )
        )
    return found


def _failure(letter: Letter) -> _Read | None:
    groups = _groups(letter.reports)
    # Words of a customer's own may sound like a bounce; a customer's letter never looks like one.
    robot = _from_robot(letter) or _from_robot(letter, _NO_REPLY)
    robot = robot or any(each in ("<>", "") for each in letter.head("return-path"))
    subject = " ".join(letter.head("subject"))
    titled = _BOUNCED.search(subject) and not _ANSWER.match(subject)
    if not (groups or robot or titled):
        return None
    judged = [(_of_group(letter, group, len(groups)), group.recipient) for group in groups]
    judged = judged or [(judge(said), to) for to, said in _chunks(letter.words)]
    verdict, recipient = next((each for each in judged if each[0].hard), judged[0])
    return _kind(letter, groups), verdict, recipient


def _opening(letter: Letter) -> str:
    return "\n".join((*letter.head("subject"), letter.words[:2000]))


def _kind(letter: Letter, groups: list[_Group]) -> Kind:
    actions = {group.action for group in groups if group.action}
    if actions:
        return (
            Kind.NOTICE
            if actions <= {"delayed", "delivered", "relayed", "expanded"}
            else Kind.BOUNCE
        )
    return Kind.NOTICE if _WAITING.search(_opening(letter)) else Kind.BOUNCE


def _of_group(letter: Letter, group: _Group, of: int) -> Verdict:
    """The report's own words; where they name no cause, what is written for people."""
    if group.action in ("delivered", "relayed", "expanded"):
        return Verdict(group.action, False, group.status)
    about = letter.words if of == 1 else "\n".join(_about(letter.words, group.recipient))
    verdict = judge(group.said, group.status, about)
    if verdict.reason in _UNTOLD:
        more = judge(f"{group.said}\n{about}", group.status)
        if more.reason != "undefined":
            verdict = more
    return verdict


# Reasons that say little: there may be better ones in the words.
_UNTOLD = ("undefined", "refused", "expired", "system", "policy", "mailer")


def _about(words: str, recipient: str) -> Iterator[str]:
    return (said for to, said in _chunks(words) if to.lower() == recipient.lower())


def _chunks(words: str) -> list[tuple[str, str]]:
    """The words cut where a line begins with a recipient, and whom each piece is about."""
    marks = list(_RECIPIENT_LINE.finditer(words))
    if not marks:
        found = ADDRESS.search(words)
        return [(found[0] if found else "", words)]
    ends = [mark.start() for mark in marks[1:]] + [len(words)]
    pieces = []
    for mark, end in zip(marks, ends, strict=True):
        found = ADDRESS.search(mark[0])
        pieces.append((found[0] if found else "", words[mark.start() : end]))
    pieces[-1] = (pieces[-1][0], f"{pieces[-1][1]}\n{words[: marks[0].start()]}")
    return pieces
