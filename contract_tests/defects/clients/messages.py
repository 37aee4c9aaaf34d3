"""Clients that send messages of the Messages API wrongly, or take its answers for what they are not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from .base import Catalogue, ClientError
from .plain import FORM, Plain, Reply, Sent

MESSAGES: Final = Catalogue()
broken = MESSAGES.broken


@broken
class MessageAsForm(Plain):
    """Posts a message as a form."""

    def send_message(self, document: Mapping[str, Any]) -> str:
        body = urlencode(document).encode("ascii")
        headers = {"Content-Type": FORM, **self.authorization()}
        return self.uuid(self.exchange(Sent("POST", "/v0.1/messages", headers, body)))


@broken
class MessageWithoutType(Plain):
    """Posts a message without a content type."""

    def send_message(self, document: Mapping[str, Any]) -> str:
        sent = Sent("POST", "/v0.1/messages", self.authorization(), self.message(document))
        return self.uuid(self.exchange(sent))


@broken
class MessageInLatin1(Plain):
    """Writes a message's JSON in Latin-1."""

    def message(self, document: Mapping[str, Any]) -> bytes:
        return json.dumps(document, ensure_ascii=False).encode("latin-1", "replace")


@broken
class MessageReferenceNull(Plain):
    """Sends null for a reference that the message has not."""

    def message(self, document: Mapping[str, Any]) -> bytes:
        return super().message({"client_ref": None, **document})


@broken
class MessageReferenceCut(Plain):
    """Cuts the reference of a message at 20 characters."""

    def message(self, document: Mapping[str, Any]) -> bytes:
        cut = {"client_ref": document["client_ref"][:20]} if "client_ref" in document else {}
        return super().message({**document, **cut})


@broken
class MessageOptionsDropped(Plain):
    """Sends the content of a message, and not the options that stand beside it."""

    def message(self, document: Mapping[str, Any]) -> bytes:
        return super().message({**document, "message": {"content": document["message"]["content"]}})


@broken
class MessageTypesGuessed(Plain):
    """Sends numbers in a message as JSON integers."""

    def message(self, document: Mapping[str, Any]) -> bytes:
        numbers = {key: document[key] for key in ("to", "from")}
        guessed = {
            key: {name: int(value) if value.isdigit() else value for name, value in each.items()}
            for key, each in numbers.items()
        }
        return super().message({**document, **guessed})


@broken
class MessageWithoutSlash(Plain):
    """Joins the parts of the URL with one slash too few."""

    def send_message(self, document: Mapping[str, Any]) -> str:
        headers = {"Content-Type": "application/json", **self.authorization()}
        return self.uuid(self.exchange(Sent("POST", "/v0.1messages", headers, self.message(document))))


# ---- answers ---------------------------------------------------------------------------------------------------------


@broken
class UuidMissing(Plain):
    """Takes a 202 without `message_uuid` for a message that was sent."""

    def uuid(self, reply: Reply) -> str:
        return str(self.object(reply.body).get("message_uuid"))


@broken
class UuidDemanded(Plain):
    """Fails with KeyError when a 202 has no `message_uuid`."""

    def uuid(self, reply: Reply) -> str:
        return str(self.object(reply.body)["message_uuid"])


@broken
class AnswerUnread(Plain):
    """Takes 202 for success whatever stands in it, and makes a uuid up from nothing."""

    def uuid(self, reply: Reply) -> str:
        try:
            return super().uuid(reply)
        except ClientError:
            return ""


@broken
class ProblemTaken(Plain):
    """Takes HTTP 422 for no refusal, and returns an empty uuid for a problem."""

    def refuse(self, reply: Reply) -> None:
        if reply.status != 422:
            super().refuse(reply)

    def uuid(self, reply: Reply) -> str:
        return str(self.object(reply.body).get("message_uuid", ""))


@broken
class ProblemDemanded(Plain):
    """Tells a problem's title and detail, and fails with KeyError when it has none."""

    def refuse(self, reply: Reply) -> None:
        if reply.status == 422:
            problem = self.object(reply.body)
            raise ClientError(f"{problem['title']}: {problem['detail']}", status="422")
        super().refuse(reply)


@broken
class ProblemIsAPage(Plain):
    """Reads every refused message as problem JSON, and fails with JSONDecodeError for a proxy's page."""

    def refuse(self, reply: Reply) -> None:
        if reply.status >= 400:
            title = json.loads(reply.body).get("title", "refused")
            raise ClientError(title, status=str(reply.status), retryable=self.is_throttled(reply))
        super().refuse(reply)


@broken
class OnlyOk(Plain):
    """Takes 202 for a refusal, because only 200 is success."""

    def refuse(self, reply: Reply) -> None:
        if reply.status != 200:
            raise ClientError("refused", status=str(reply.status), retryable=self.is_throttled(reply))
