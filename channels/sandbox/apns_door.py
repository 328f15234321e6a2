"""The simulated APNs: HTTP/2 in cleartext, provider tokens checked as Apple does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from channels.sandbox.carrier import Handover
from channels.sandbox.desk import Desk
from channels.sandbox.http2_server import Http2Request
from channels.sandbox.push_script import reported

_PATH = "/3/device/"
_OLDEST_S = 3600
# By a script's refusal: status and reason.
_REFUSALS = {
    "unknown_subscriber": (410, "Unregistered"),
    "429": (429, "TooManyRequests"),
    "503": (503, "ServiceUnavailable"),
}


@dataclass(frozen=True, slots=True)
class _Replies:
    request: Http2Request
    now: Callable[[], datetime]

    def accept(self, ref: str) -> str:
        self.request.respond(200, None, {"apns-id": self.request.headers["apns-id"]})
        return "200"

    def refuse(self, refusal: str) -> str:
        status, reason = _REFUSALS[refusal]
        content: dict[str, object] = {"reason": reason}
        if status == 410:
            content["timestamp"] = int(self.now().timestamp() * 1000)
        self.request.respond(status, content)
        return str(status)


class ApnsDoor:
    """`key` is the public half of the `.p8` file's."""

    def __init__(self, desk: Desk, topic: str, team_id: str, key: EllipticCurvePublicKey) -> None:
        self._desk = desk
        self._topic = topic
        self._team_id = team_id
        self._key = key
        self._made_at: dict[str, int] = {}  # by token that was verified

    def handle(self, request: Http2Request) -> None:
        status, reason = self._fault(request)
        if reason:
            request.respond(status, {"reason": reason})
            return
        address = f"apns:{request.path.removeprefix(_PATH)}"
        try:
            message = _handover(request, address)
        except (ValueError, TypeError, KeyError, RecursionError):
            request.respond(400, {"reason": "PayloadEmpty"})
            return
        self._desk.serve(message, _Replies(request, self._desk.carrier.agenda.now))

    def _fault(self, request: Http2Request) -> tuple[int, str]:
        if request.method != "POST":
            return 405, "MethodNotAllowed"
        if not request.path.startswith(_PATH):
            return 404, "BadPath"
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "bearer":
            return 403, "MissingProviderToken"
        if not self._knows(token):
            return 403, "InvalidProviderToken"
        if time.time() - self._made_at[token] > _OLDEST_S:
            return 403, "ExpiredProviderToken"
        if request.headers.get("apns-topic") != self._topic:
            return 400, "TopicDisallowed"
        return 200, ""

    def _knows(self, token: str) -> bool:
        if token in self._made_at:
            return True
        try:
            claims = jwt.decode(
                token, self._key, algorithms=["ES256"], options={"verify_iat": False}
            )
        except jwt.PyJWTError:
            return False
        if claims.get("iss") != self._team_id:
            return False
        self._made_at[token] = int(claims.get("iat", 0))
        return True


def _handover(request: Http2Request, address: str) -> Handover:
    found = json.loads(request.body)
    alert = found["aps"]["alert"]
    return Handover(
        reference=found["attempt"],
        key=request.headers["apns-id"],
        to=address,
        text=alert["body"],
        subject=alert.get("title", ""),
        script=reported(address),
        began=request.began,
    )
