"""Sends one message by whatever way it goes, and tells what came of it."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from stroke_map.delivery.failing import SendingError
from stroke_map.delivery.fhir import CONTENT_TYPE, communication
from stroke_map.delivery.gateway import JSON, Gateway
from stroke_map.delivery.guard import Guard
from stroke_map.delivery.mail import MailServer
from stroke_map.delivery.message import text_of, told
from stroke_map.delivery.posting import post
from stroke_map.delivery.signing import sign
from stroke_map.live.deliveries import Outcome

if TYPE_CHECKING:
    from stroke_map.live.channels import Channel
    from stroke_map.live.deliveries import Outgoing, Result
    from stroke_map.settings import Settings

log = logging.getLogger("stroke_map.delivery")


class Sender:
    """Every way that is set. Safe to share between threads.

    Raises
    ------
    InvalidRequestError
        A setting of the mail server, the gateway or the allowed networks cannot be meant so.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._timeout_s = settings, settings.delivery_timeout_s
        self._guard = Guard.of(settings.allow_private_targets)
        self._gateway, self._mail_server = Gateway.of(settings), MailServer.of(settings)

    def send(self, message: Outgoing) -> Outcome:
        """Send one message, which takes `delivery_timeout_s` at most; raises nothing."""
        try:
            return Outcome(message.id, self._send(message, datetime.now(UTC)))
        except SendingError as error:
            result: Result = "refused" if error.final else "perhaps" if error.perhaps else "failed"
            return Outcome(message.id, result, error.problem)
        except Exception as error:  # noqa: BLE001  one message that cannot be sent holds up no other
            # Frames, not the words of the error: they can hold an address with a password in it.
            frames = "".join(traceback.format_tb(error.__traceback__))
            log.error("delivery: unexpected %s\n%s", type(error).__name__, frames)  # noqa: TRY400
            return Outcome(message.id, "failed", f"unexpected {type(error).__name__}")

    def _send(self, message: Outgoing, now: datetime) -> Result:
        channel = message.channel
        if channel is not None and channel.ended_at is not None:
            raise SendingError("the channel was removed", final=True)
        says = told(message, self._settings.alert_link)
        text = text_of(says, self._settings.message_lang, now)
        if channel is not None and message.via == "webhook":
            content_type, body = JSON, says
            if channel.format == "fhir":
                content_type, body = CONTENT_TYPE, communication(says, text)
            self._post_signed(channel, message.message_id, content_type, orjson.dumps(body), now)
            return "delivered"
        if channel is not None and message.via == "email":
            if self._mail_server is None:
                raise SendingError("no mail server is set", final=True)
            self._mail_server.send(channel.target, text, text, message_id=message.message_id, timeout_s=self._timeout_s)
            return "sent"
        if self._gateway is None:
            raise SendingError("no gateway is set", final=True)
        values = {"kind": message.via, "phone": message.phone, "text": text, "id": message.message_id}
        url, headers, content = self._gateway.request(values)
        post(url, headers, content, guard=self._guard, timeout_s=self._timeout_s)
        return "sent"

    def _post_signed(self, channel: Channel, message_id: str, content_type: str, body: bytes, now: datetime) -> None:
        headers = {"Content-Type": content_type} | sign(channel.secret, message_id, now, body)
        post(channel.target, headers, body, guard=self._guard, timeout_s=self._timeout_s)
