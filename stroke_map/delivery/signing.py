"""Signed webhooks, as https://www.standardwebhooks.com has them: HMAC-SHA256 over id, moment and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from stroke_map.live.channels import SECRET_PREFIX

if TYPE_CHECKING:
    from datetime import datetime


def sign(secret: str, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows who sends, that nothing was changed, when it was sent, and whether it knows it already."""
    timestamp = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}
