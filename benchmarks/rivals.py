"""The payloads of the webhooks as msgspec and pydantic would have them, written by hand, for comparison.

They check types and tell the kinds of content apart. They keep no unknown key, content or channel, fold no status and take no
number for a text, so what they do is less.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pydantic

RECEIPT = {
    "msisdn": "msisdn",
    "status": "status",
    "to": "to",
    "network_code": "network-code",
    "message_id": "messageId",
    "price": "price",
    "scts": "scts",
    "err_code": "err-code",
    "message_timestamp": "message-timestamp",
    "client_ref": "client-ref",
    "api_key": "api-key",
    "timestamp": "timestamp",
    "nonce": "nonce",
    "sig": "sig",
}
SMS = {
    **{
        name: key
        for name, key in RECEIPT.items()
        if name not in {"status", "network_code", "price", "scts", "err_code"}
    },
    "text": "text",
    "type": "type",
    "keyword": "keyword",
    "concat": "concat",
    "concat_ref": "concat-ref",
    "concat_total": "concat-total",
    "concat_part": "concat-part",
    "data": "data",
    "udh": "udh",
}

# ---- msgspec ---------------------------------------------------------------------------------------------------------


def _struct(name: str, keys: dict[str, str], required: set[str]) -> Any:
    fields: list[Any] = [(field, str) for field in keys if field in required]
    fields += [(field, str | None, None) for field in keys if field not in required]
    return msgspec.defstruct(name, fields, rename=keys)


MsgspecReceipt = _struct("MsgspecReceipt", RECEIPT, {"msisdn", "status"})
MsgspecSms = _struct("MsgspecSms", SMS, {"msisdn"})


class Address(msgspec.Struct):
    type: str
    id: str | None = None
    number: str | None = None


class Error(msgspec.Struct):
    code: int | None = None
    reason: str | None = None


class Usage(msgspec.Struct):
    currency: str | None = None
    price: str | None = None


class MsgspecStatus(msgspec.Struct, rename={"from_": "from"}):
    message_uuid: str
    to: Address
    from_: Address
    timestamp: str
    status: str
    error: Error | None = None
    usage: Usage | None = None
    client_ref: str | None = None


class Media(msgspec.Struct):
    url: str
    caption: str | None = None


class Place(msgspec.Struct):
    longitude: str
    latitude: str
    name: str | None = None
    address: str | None = None


class Text(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class Image(msgspec.Struct, tag_field="type", tag="image"):
    image: Media


class Audio(msgspec.Struct, tag_field="type", tag="audio"):
    audio: Media


class Video(msgspec.Struct, tag_field="type", tag="video"):
    video: Media


class File(msgspec.Struct, tag_field="type", tag="file"):
    file: Media


class Location(msgspec.Struct, tag_field="type", tag="location"):
    location: Place


class Button(msgspec.Struct, tag_field="type", tag="button"):
    pass


class Unsupported(msgspec.Struct, tag_field="type", tag="unsupported"):
    pass


class Info(msgspec.Struct):
    num_messages: str


class Body(msgspec.Struct):
    content: Text | Image | Audio | Video | File | Location | Button | Unsupported
    sms: Info | None = None


class MsgspecMessage(msgspec.Struct, rename={"from_": "from"}):
    message_uuid: str
    timestamp: str
    to: Address
    from_: Address
    message: Body
    usage: Usage | None = None
    client_ref: str | None = None
    direction: str | None = None


# ---- pydantic --------------------------------------------------------------------------------------------------------


def _model(name: str, keys: dict[str, str], required: set[str]) -> Any:
    fields: dict[str, Any] = {
        field: (str, pydantic.Field(alias=key)) if field in required else (str | None, pydantic.Field(None, alias=key))
        for field, key in keys.items()
    }
    return pydantic.create_model(name, **fields)


PydanticReceipt = _model("PydanticReceipt", RECEIPT, {"msisdn", "status"})
PydanticSms = _model("PydanticSms", SMS, {"msisdn"})


class PAddress(pydantic.BaseModel):
    type: str
    id: str | None = None
    number: str | None = None


class PError(pydantic.BaseModel):
    code: int | None = None
    reason: str | None = None


class PUsage(pydantic.BaseModel):
    currency: str | None = None
    price: str | None = None


class PydanticStatus(pydantic.BaseModel):
    message_uuid: str
    to: PAddress
    from_: PAddress = pydantic.Field(alias="from")
    timestamp: str
    status: str
    error: PError | None = None
    usage: PUsage | None = None
    client_ref: str | None = None


class PMedia(pydantic.BaseModel):
    url: str
    caption: str | None = None


class PPlace(pydantic.BaseModel):
    longitude: str
    latitude: str
    name: str | None = None
    address: str | None = None


class PText(pydantic.BaseModel):
    type: Literal["text"]
    text: str


class PImage(pydantic.BaseModel):
    type: Literal["image"]
    image: PMedia


class PAudio(pydantic.BaseModel):
    type: Literal["audio"]
    audio: PMedia


class PVideo(pydantic.BaseModel):
    type: Literal["video"]
    video: PMedia


class PFile(pydantic.BaseModel):
    type: Literal["file"]
    file: PMedia


class PLocation(pydantic.BaseModel):
    type: Literal["location"]
    location: PPlace


class PBare(pydantic.BaseModel):
    type: Literal["button", "unsupported"]


class PInfo(pydantic.BaseModel):
    num_messages: str


class PBody(pydantic.BaseModel):
    content: Annotated[
        PText | PImage | PAudio | PVideo | PFile | PLocation | PBare, pydantic.Field(discriminator="type")
    ]
    sms: PInfo | None = None


class PydanticMessage(pydantic.BaseModel):
    message_uuid: str
    timestamp: str
    to: PAddress
    from_: PAddress = pydantic.Field(alias="from")
    message: PBody
    usage: PUsage | None = None
    client_ref: str | None = None
    direction: str | None = None
