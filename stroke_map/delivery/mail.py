"""Messages by mail, through the operator's own server."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

from stroke_map.delivery.failing import SendingError, cut_off, trusted
from stroke_map.errors import InvalidRequestError

if TYPE_CHECKING:
    from stroke_map.settings import Settings


@dataclass(frozen=True)
class MailServer:
    """The server as it is set; `security` is "starttls", "tls" or "none", where no password is sent."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    sender: str

    @classmethod
    def of(cls, settings: Settings) -> MailServer | None:
        """The server that is set, None where there is none.

        Raises
        ------
        InvalidRequestError
            Whom mail comes from is not set.
        """
        if not settings.smtp_host:
            return None
        if "@" not in settings.smtp_from or any(letter.isspace() for letter in settings.smtp_from):
            raise InvalidRequestError("STROKE_MAP_SMTP_FROM must be a mailbox", next_step="Set it to something like alerts@120.example.")  # fmt: skip
        password = "" if settings.smtp_security == "none" else settings.smtp_password
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_user,
            password,
            settings.smtp_from,
        )

    def send(self, to: str, subject: str, text: str, *, message_id: str, timeout_s: float) -> None:
        """Hand a message over, and return when the server has taken it.

        Raises
        ------
        SendingError
            It has not; `perhaps` where it may have.
        """
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, to, subject
        mail["Message-ID"] = f"<{message_id}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"], mail["Importance"] = "auto-generated", "high"
        mail.set_content(text)
        context = trusted()
        # Its own timeouts are of single reads, and come after the cut.
        smtp: smtplib.SMTP = (
            smtplib.SMTP_SSL(timeout=timeout_s + 1, context=context) if self.security == "tls" else smtplib.SMTP(timeout=timeout_s + 1)
        )  # fmt: skip
        smtp._host = self.host  # type: ignore[attr-defined]  # noqa: SLF001  for the certificate; else it connects when it is made
        sending = False
        try:
            with cut_off(lambda: smtp.sock, timeout_s) as limit:
                _check(smtp.connect(self.host, self.port), 220)
                if self.security == "starttls":
                    smtp.starttls(context=context)
                if self.user and self.password:
                    smtp.login(self.user, self.password)
                smtp.ehlo_or_helo_if_needed()
                _check(smtp.mail(self.sender))
                _check(smtp.rcpt(to))
                sending = True
                _check(smtp.data(mail.as_bytes(policy=SMTP)))
                if limit.passed:  # an answer that was cut looks like a whole one
                    raise TimeoutError
                with suppress(OSError):
                    smtp.quit()
        except (OSError, smtplib.SMTPException) as error:
            answered = isinstance(error, smtplib.SMTPResponseException) and not limit.passed
            raise SendingError(_why(error, timed_out=limit.passed), perhaps=sending and not answered) from None
        finally:
            smtp.close()


def _check(answer: tuple[int, bytes], good: int = 250) -> None:
    if answer[0] != good:
        raise smtplib.SMTPResponseException(*answer)


def _why(error: Exception, *, timed_out: bool) -> str:
    """In words of ours: those of a server may repeat what was sent."""
    if timed_out or isinstance(error, TimeoutError):
        return "the mail server was not done in time"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {getattr(error, 'verify_message', '') or error.reason}"
    return f"no mail server: {type(error).__name__}"
