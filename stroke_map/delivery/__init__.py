"""What brings messages of alerts to hospitals: signed webhooks, mail, and a gateway for short messages and telephone calls."""

from stroke_map.delivery.deliverer import Deliverer
from stroke_map.delivery.sender import Sender

__all__ = ["Deliverer", "Sender"]
