"""The words of the page of one's own account, in both languages."""

from __future__ import annotations

from typing import Final

ACCOUNT: Final[dict[str, tuple[str, str]]] = {
    "title_account": ("我的账号", "My account"),
    "account_words": (
        "改密码或换验证器，都要先用现在的密码和动态码确认。改好以后，您在其他地方的登录全部结束。",
        "To change either, confirm it with your present password and code. Wherever else you are logged in, that ends.",
    ),
    "password_title": ("改密码", "Change the password"),
    "password_now": ("现在的密码", "Present password"),
    "code_now": ("现在的验证器显示的动态码", "Code that your present authenticator shows"),
    "password_new": ("新密码（至少 {0} 个字符）", "New password (at least {0} characters)"),
    "password_again": ("再输入一次新密码", "The new password again"),
    "password_change": ("改密码", "Change the password"),
    "password_short": ("新密码至少要 {0} 个字符。", "The new password needs at least {0} characters."),
    "password_other": ("两次输入的新密码不一样。", "The two new passwords differ."),
    "password_changed": (
        "密码已改。您在其他地方的登录已结束。",
        "The password is changed. Wherever else you were logged in, that has ended.",
    ),
    "authenticator_title": ("换验证器", "Change the authenticator"),
    "authenticator_words": (
        "换手机时用。旧验证器要等到最后一步成功才失效。",
        "For a new telephone. The old authenticator is good until the last step has succeeded.",
    ),
    "authenticator_begin": ("显示新的二维码", "Show a new QR code"),
    "authenticator_scan": (
        "用新的验证器应用扫码，或输入下面的密钥。",
        "Scan it with the new authenticator app, or type the secret below into it.",
    ),
    "authenticator_picture": ("新验证器的二维码", "QR code for the new authenticator"),
    "authenticator_secret": ("密钥", "Secret"),
    "code_new": ("新验证器显示的动态码", "Code that the new authenticator shows"),
    "authenticator_change": ("换成新的验证器", "Change to the new authenticator"),
    "authenticator_changed": (
        "验证器已换。旧的不能再用，您在其他地方的登录已结束。",
        "The authenticator is changed. The old one is good no more; wherever else you were logged in, that has ended.",
    ),
    "code_new_wrong": (
        "这不是新验证器现在显示的动态码。请扫码后再看一次。",
        "This is not what the new authenticator shows now. Scan the picture, and look again.",
    ),
}
