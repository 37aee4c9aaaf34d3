"""Receivers that lose events of the Messages API for what stands in them: channels and contents to come, absent keys."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from shortcodekit.webhooks import Response

from . import MESSAGE, STATUS
from .plain import Document, Malformed, Plain
from .showing import broken, by, taken, then

# ---- message status --------------------------------------------------------------------------------------------------


@broken(STATUS, shows=then(taken(), taken(name="read")))
class ReadIsUnknown(Plain):
    """Knows the statuses of SMS only, and answers 400 when a message by WhatsApp was read."""

    def handle(self, document: Document) -> None:
        if document.get("status") == "read":
            raise Malformed


@broken(STATUS, shows=then(taken(name="read"), taken({"status": "airborne"})))
class StepToCome(Plain):
    """Makes an enumeration member of the status, and fails with 500 for a status to come."""

    def handle(self, document: Document) -> None:
        ("submitted", "delivered", "read", "rejected", "undeliverable").index(str(document.get("status")).lower())


@broken(STATUS, shows=then(taken(), taken(name="submitted")))
class ErrorRequired(Plain):
    """Reads the error's code of every status, and fails with 500 when there is no error."""

    def handle(self, document: Document) -> None:
        str(document["error"]["code"])


@broken(STATUS, shows=then(taken(name="read"), taken(name="opted-out"), taken({"error": {"reason": "none told"}})))
class ErrorWithoutCode(Plain):
    """Fails with 500 when an error has a reason and no code."""

    def handle(self, document: Document) -> None:
        if "error" in document:
            int(document["error"]["code"])


@broken(STATUS, shows=then(taken(name="submitted"), taken({"error": {"code": 9001}})))
class ReasonToCome(Plain):
    """Looks the error's code up in a table, and fails with 500 for one to come."""

    def handle(self, document: Document) -> None:
        code = int(document.get("error", {}).get("code", 1000))
        dict.fromkeys(range(1000, 1400))[code]


@broken(STATUS, shows=then(taken(name="submitted"), taken()))
class DeliveredHasNoError(Plain):
    """Answers 400 to the documented status, which is delivered and yet has an error."""

    def handle(self, document: Document) -> None:
        if document.get("status") == "delivered" and "error" in document:
            raise Malformed


@broken(STATUS, shows=then(taken(), taken(name="submitted")))
class UsageRequired(Plain):
    """Books what each message cost, and fails with 500 when a status tells no usage."""

    def handle(self, document: Document) -> None:
        str(document["usage"])


@broken(STATUS, shows=then(taken(), taken({"client_ref": ...})))
class OwnReferenceRequired(Plain):
    """Finds the message by `client_ref`, and fails with 500 when it was sent without one."""

    def handle(self, document: Document) -> None:
        str(document["client_ref"])


@broken(STATUS, shows=then(taken(), taken({"from": {"type": "sms", "number": "Example Co"}})))
class SenderInDigits(Plain):
    """Answers 400 when the sender's number is a name."""

    def handle(self, document: Document) -> None:
        if not document["from"].get("number", "0").isdigit():
            raise Malformed


# ---- both events of the Messages API ---------------------------------------------------------------------------------


@broken(STATUS, MESSAGE, shows=then(taken(), taken({"usage": {"currency": "EUR", "price": 0.0333}})))
class UsageInNumbers(Plain):
    """Answers 400 when the price in `usage` is a JSON number."""

    def handle(self, document: Document) -> None:
        if not isinstance(document.get("usage", {}).get("price", ""), str):
            raise Malformed


@broken(STATUS, MESSAGE, shows=then(taken(), taken({"usage": {"currency": "USD", "price": "0.04"}})))
class CurrencyToCome(Plain):
    """Answers 400 to any currency but EUR."""

    def handle(self, document: Document) -> None:
        if document.get("usage", {}).get("currency", "EUR") != "EUR":
            raise Malformed


UUID: Final = "0F9A5C3E-8D1E-4B6F-9A27-3D1C5E7F00AB"


@broken(STATUS, MESSAGE, shows=then(taken({"message_uuid": UUID.lower()}), taken({"message_uuid": UUID})))
class UuidInLowerCase(Plain):
    """Answers 400 when `message_uuid` is written in capitals."""

    def handle(self, document: Document) -> None:
        if document.get("message_uuid") != str(document.get("message_uuid")).lower():
            raise Malformed


@broken(
    STATUS,
    MESSAGE,
    shows=then(taken({"message_uuid": UUID}), taken({"message_uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"})),
)
class UuidOfVersionFour(Plain):
    """Asks for a UUID of version 4, and answers 400 to the documented one, which is of none."""

    def handle(self, document: Document) -> None:
        if uuid.UUID(document["message_uuid"]).version != 4:
            raise Malformed


@broken(STATUS, MESSAGE, shows=then(taken(), taken({"timestamp": "2020-01-01T16:00:00+02:00"})))
class TimeInOneForm(Plain):
    """Parses the time with milliseconds and `Z`, and fails with 500 for an offset or whole seconds."""

    def handle(self, document: Document) -> None:
        datetime.strptime(document["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


@broken(
    STATUS, MESSAGE, shows=by({STATUS: then(taken(), taken(name="to-come")), MESSAGE: taken(name="channel-to-come")})
)
class ChannelToCome(Plain):
    """Answers 400 to a channel that is not among the five."""

    def handle(self, document: Document) -> None:
        if document["from"]["type"] not in ("sms", "mms", "whatsapp", "viber_service_msg", "messenger"):
            raise Malformed


def page(identifier: str) -> dict[str, Any]:
    """Both ends of a message on Messenger, one with this id."""
    return {"to": {"type": "messenger", "id": "1357902468135790"}, "from": {"type": "messenger", "id": identifier}}


@broken(
    STATUS,
    MESSAGE,
    shows=then(
        by({STATUS: taken(page("2" * 20)), MESSAGE: taken(page("2" * 20), name="messenger-text")}),
        by({STATUS: taken(page("2" * 50)), MESSAGE: taken(page("2" * 50), name="messenger-text")}),
    ),
)
class ColumnOfTwentyCharacters(Plain):
    """Stores ids in a column of 20 characters, and fails with 500 for one of 50, which is allowed."""

    def handle(self, document: Document) -> None:
        if len(document["from"].get("id", "")) > 20:
            raise ValueError("value too long for type character varying(20)")


# ---- inbound messages ------------------------------------------------------------------------------------------------


@broken(MESSAGE, shows=then(taken(name="viber-text"), taken(name="mms-image")))
class EverythingIsText(Plain):
    """Reads the text of every message, and fails with 500 when it is an image."""

    def handle(self, document: Document) -> None:
        document["message"]["content"]["text"].strip()


@broken(MESSAGE, shows=then(taken(name="whatsapp-location"), taken(name="content-to-come")))
class ContentToCome(Plain):
    """Answers 400 to content of a kind that is not in its table."""

    def handle(self, document: Document) -> None:
        kinds = ("text", "image", "audio", "video", "file", "location", "button", "unsupported")
        if document["message"]["content"]["type"] not in kinds:
            raise Malformed


@broken(MESSAGE, shows=then(taken(name="whatsapp-location"), taken(name="whatsapp-button")))
class ContentOfThePageOnly(Plain):
    """Fails with 500 for a press on a button, which no page documents."""

    def handle(self, document: Document) -> None:
        kinds = ("text", "image", "audio", "video", "file", "location", "unsupported")
        content = document["message"]["content"]
        if content["type"] == "button":
            kinds.index(content["type"])


def located(latitude: Any, **more: str) -> dict[str, Any]:
    """A change to a location."""
    place = {"longitude": "-0.1278", "latitude": latitude, **more}
    return {"message": {"content": {"type": "location", "location": place}}}


@broken(
    MESSAGE,
    shows=then(
        taken(located("51.5074", name="The office"), name="whatsapp-location"),
        taken(located(51.5074, name="The office"), name="whatsapp-location"),
    ),
)
class PlaceInTexts(Plain):
    """Strips the latitude, and fails with 500 when it is a JSON number."""

    def handle(self, document: Document) -> None:
        document["message"]["content"].get("location", {}).get("latitude", "").strip()


@broken(
    MESSAGE,
    shows=then(
        taken(located("51.5074", name="The office"), name="whatsapp-location"),
        taken(located("51.5074"), name="whatsapp-location"),
    ),
)
class PlaceHasName(Plain):
    """Fails with 500 for a place without a name."""

    def handle(self, document: Document) -> None:
        str(document["message"]["content"].get("location", {"name": ""})["name"])


@broken(MESSAGE, shows=then(taken(name="whatsapp-image"), taken(name="messenger-image")))
class CaptionRequired(Plain):
    """Fails with 500 for an image without a caption."""

    def handle(self, document: Document) -> None:
        str(document["message"]["content"].get("image", {"caption": ""})["caption"])


@broken(MESSAGE, shows=then(taken(name="viber-text"), taken(name="messenger-text")))
class SenderHasNumber(Plain):
    """Reads the number that wrote, and fails with 500 for Messenger, where there are ids."""

    def handle(self, document: Document) -> None:
        str(document["from"]["number"])


@broken(MESSAGE, shows=then(taken(name="whatsapp-text"), taken(name="viber-text")))
class ServiceHasNumber(Plain):
    """Routes by the number that was written to, and fails with 500 for Viber, where a service has an id."""

    def handle(self, document: Document) -> None:
        if document["from"]["type"] != "messenger":
            str(document["to"]["number"])


def counted(number: Any) -> dict[str, Any]:
    """The documented SMS, put together from so many."""
    return {"message": {"content": {"type": "text", "text": "Hello"}, "sms": {"num_messages": number}}}


@broken(MESSAGE, shows=then(taken(counted("2"), name="documented"), taken(counted(2), name="documented")))
class CountAsText(Plain):
    """Fails with 500 when the number of SMS in a text is a JSON integer."""

    def handle(self, document: Document) -> None:
        document["message"].get("sms", {}).get("num_messages", "1").isdigit()


@broken(
    MESSAGE,
    shows=then(
        taken({"message": {"content": {"type": "text", "text": "Hi"}}}, name="whatsapp-text"),
        taken({"message": {"content": {"type": "text", "text": ""}}}, name="whatsapp-text"),
    ),
)
class EmptyMessage(Plain):
    """Answers 400 when someone wrote an empty text."""

    def handle(self, document: Document) -> None:
        if not document["message"]["content"].get("text", "x"):
            raise Malformed


@broken(MESSAGE, shows=then(taken({"direction": ...}), taken({"direction": "inbound"})))
class UndocumentedDirection(Plain):
    """Takes a key that no page documents, `direction`, for a forged event, and answers 400."""

    def handle(self, document: Document) -> None:
        if "direction" in document:
            raise Malformed


@broken(MESSAGE, shows=then(taken(), taken({"message": {"content": {"type": "text", "text": "?", "forwarded": True}}})))
class KeyToComeWithin(Plain):
    """Answers 400 when the content of a message has a key that it does not know."""

    def handle(self, document: Document) -> None:
        content = document["message"]["content"]
        if content["type"] == "text" and content.keys() != {"type", "text"}:
            raise Malformed


@broken(MESSAGE, shows=then(taken(name="viber-text"), taken(name="viber-unsupported")))
class UnsupportedIsAnError(Plain):
    """Answers 415 to an event whose content is of the kind `unsupported`."""

    def done(self, document: Document) -> Response:
        return Response(415 if document["message"]["content"]["type"] == "unsupported" else 200)


@broken(
    MESSAGE,
    shows=then(
        taken(name="mms-image"),
        taken({"message": {"content": {"type": "image", "image": {"url": "https://example.com/7"}}}}, name="mms-image"),
    ),
)
class PictureByItsExtension(Plain):
    """Goes by the extension in an image's address, and answers 400 when there is none."""

    def handle(self, document: Document) -> None:
        address = document["message"]["content"].get("image", {}).get("url", ".jpg")
        if address[-4:].lower() not in (".jpg", "jpeg", ".png", ".gif"):
            raise Malformed
