"""The simulated FCM: Google's token endpoint and the HTTP v1 call."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from channels.sandbox.carrier import Handover
from channels.sandbox.desk import Desk
from channels.sandbox.http_server import Request
from channels.sandbox.push_script import reported
from channels.sandbox.scripts import RETRY_AFTER_S

_DETAIL = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_LIFE_S = 3599
# By a script's refusal: HTTP status, google.rpc.Code, FCM's own code.
_REFUSALS = {
    "unknown_subscriber": (404, "NOT_FOUND", "UNREGISTERED"),
    "429": (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
    "503": (503, "UNAVAILABLE", "UNAVAILABLE"),
}


@dataclass(frozen=True, slots=True)
class _Replies:
    request: Request
    project: str

    def accept(self, ref: str) -> str:
        self.request.respond(200, {"name": f"projects/{self.project}/messages/0:{ref}"})
        return "200"

    def refuse(self, refusal: str) -> str:
        status, code, own = _REFUSALS[refusal]
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else {}
        details = [{"@type": _DETAIL, "errorCode": own}]
        self.request.respond(status, _error(status, code, details), headers)
        return str(status)


class FcmDoor:
    """`key` is the public half of the service account's; tokens are granted for its signature."""

    def __init__(self, desk: Desk, project: str, email: str, key: RSAPublicKey) -> None:
        self._desk = desk
        self._project = project
        self._email = email
        self._key = key
        self._granted: set[str] = set()
        self.token_url = ""  # known once the port is

    def handle(self, request: Request) -> None:
        if (request.method, request.path) == ("POST", "/token"):
            self._grant(request)
        elif request.method != "POST" or request.path != (
            f"/v1/projects/{self._project}/messages:send"
        ):
            request.respond(404, _error(404, "NOT_FOUND"))
        elif request.headers.get("authorization", "").removeprefix("Bearer ") not in self._granted:
            request.respond(401, _error(401, "UNAUTHENTICATED"))
        else:
            self._send(request)

    def _grant(self, request: Request) -> None:
        form = parse_qs(request.body.decode("latin-1"))
        try:
            claims = jwt.decode(
                form["assertion"][0], self._key, algorithms=["RS256"], audience=self.token_url
            )
        except (jwt.PyJWTError, KeyError):
            claims = {}
        if claims.get("iss") != self._email:
            request.respond(400, {"error": "invalid_grant"})
            return
        token = secrets.token_urlsafe(24)
        self._granted.add(token)
        granted = {"access_token": token, "expires_in": _LIFE_S, "token_type": "Bearer"}
        request.respond(200, granted)

    def _send(self, request: Request) -> None:
        try:
            message = _handover(json.loads(request.body)["message"], request.began)
        except (ValueError, TypeError, KeyError, RecursionError):
            request.respond(400, _error(400, "INVALID_ARGUMENT", [_violation("message")]))
            return
        self._desk.serve(message, _Replies(request, self._project))


def _handover(found: Mapping[str, Mapping[str, str]], began: float) -> Handover:
    address = f"fcm:{found['token']}"
    attempt = found["data"]["attempt"]
    return Handover(
        reference=attempt,
        key=attempt,
        to=address,
        text=found["notification"]["body"],
        subject=found["notification"]["title"],
        script=reported(address),
        began=began,
    )


def _violation(field: str) -> Mapping[str, object]:
    return {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": field, "description": "unreadable"}],
    }


def _error(
    status: int, code: str, details: list[Mapping[str, object]] | list[dict[str, str]] | None = None
) -> Mapping[str, object]:
    return {
        "error": {"code": status, "message": code, "status": code, "details": details or []},
    }
