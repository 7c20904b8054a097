"""The words that every screen has, in both languages: `name: (Chinese, English)`, with `{0}` filled in by the scripts.

Names with a kind before them are words of the API: `problem_<code>`, `field_<name>`, `role_<role>`, `team_<team>`, `state_<state>`.
"""

from __future__ import annotations

from typing import Final

Texts = dict[str, tuple[str, str]]

_ROLES: Final[Texts] = {
    "role_dispatcher": ("调度员", "dispatcher"),
    "role_crew": ("救护车组", "crew"),
    "role_hospital": ("医院", "hospital"),
    "role_editor": ("编辑", "editor"),
    "role_auditor": ("质控", "auditor"),
    "role_administrator": ("管理员", "administrator"),
}
_TEAMS: Final[Texts] = {
    "team_emergency": ("急诊", "Emergency"),
    "team_radiology": ("影像", "Radiology"),
    "team_neurology": ("神经内科", "Neurology"),
    "team_cardiology": ("心内科", "Cardiology"),
    "team_cath_lab": ("导管室", "Cath lab"),
}
_STATES: Final[Texts] = {
    "state_created": ("已发出", "sent out"),
    "state_sent": ("已呼叫", "called"),
    "state_delivered": ("已送达", "delivered"),
    "state_acknowledged": ("全部确认", "all acknowledged"),
    "state_activated": ("已启动", "activated"),
    "state_arrived": ("已到达", "arrived"),
    "state_closed": ("已结束", "closed"),
    "state_cancelled": ("已取消", "cancelled"),
    "state_diverted": ("医院转走", "diverted"),
}
_MOMENTS: Final[Texts] = {
    "moment_onset": ("发病", "Onset"),
    "moment_last_known_well": ("最后正常", "Last well"),
    "moment_call": ("来电", "Call"),
    "moment_dispatched": ("派车", "Dispatched"),
    "moment_on_scene": ("到现场", "On scene"),
    "moment_left_scene": ("离现场", "Left scene"),
    "moment_door": ("到院", "Door"),
    "moment_ecg": ("心电图", "ECG"),
    "moment_imaging": ("影像", "Imaging"),
    "moment_needle": ("溶栓", "Needle"),
    "moment_puncture": ("穿刺", "Puncture"),
    "moment_wire": ("导丝", "Wire"),
    "moment_reperfusion": ("再通", "Reperfusion"),
    "moment_closed": ("结束", "Closed"),
}
_PROBLEMS: Final[Texts] = {
    "problem_offline": (
        "连不上服务器。已输入的内容都在，请再试一次。",
        "The server cannot be reached. What you typed is kept: try again.",
    ),
    "problem_invalid-request": ("有一项需要改正：", "Something must be corrected:"),
    "problem_closure-refused": ("这条封路无法记录：", "This closure cannot be taken:"),
    "problem_outside-area": (
        "这个位置不在本地图范围内。请核对坐标和坐标系。",
        "This place is outside the map. Check the coordinates and their system.",
    ),
    "problem_off-network": ("这个位置附近没有可通行的道路。", "There is no usable road near this place."),
    "problem_no-route": ("没有道路通往可救治的医院。", "No road leads to a hospital that can treat this."),
    "problem_no-capable-hospital": ("名单中没有可救治的医院。", "No hospital in this list can treat this."),
    "problem_unauthorized": ("请先登录。", "Log in first."),
    "problem_forbidden": ("这个账号不能做这件事。", "This account may not do that."),
    "problem_locked-out": ("失败次数太多，请 {0} 秒后再试。", "Too many failures: try again in {0} s."),
    "problem_too-busy": ("服务器正忙，请稍后再试。", "The server is busy: try again in a moment."),
    "problem_too-large": ("内容太多，请缩短。", "This is too much: make it shorter."),
    "problem_bad-request": ("服务器没有看懂这个请求。", "The server did not understand this request."),
    "problem_not-found": ("没有找到，可能已被删除。", "It is not there; it may have been deleted."),
    "problem_method-not-allowed": ("这里不能这样做。", "That cannot be done here."),
    "problem_no-edition": ("还没有发布名单。", "No edition is published yet."),
    "problem_edition-damaged": ("名单数据损坏，请找管理员。", "The edition is damaged: call the administrator."),
    "problem_conflict": (
        "和已记录的内容冲突：别人已经改过。请看现在的状态再决定。",
        "This contradicts what is recorded: somebody has changed it. Look at how it stands now, and decide.",
    ),
    "problem_live-store": (
        "数据库暂时无法使用，请再试；急事请打电话。",
        "The database is away: try again, and telephone if it is urgent.",
    ),
    "problem_internal-error": ("服务器出错了，请再试一次。", "The server failed: try again."),
}
#: What stands around every screen.
FRAME: Final[Texts] = {
    "title_login": ("登录", "Log in"),
    "title_logout": ("退出登录", "Log out"),
    "service": ("卒中 · 胸痛 急救", "Stroke and chest pain"),
    "demo": ("演示数据，不可用于急救", "Demonstration data, not for emergencies"),
    "other_language": ("English", "中文"),
    "skip": ("跳到正文", "Skip to the content"),
    "no_script": ("这个页面需要浏览器运行脚本。", "This page needs scripts: let the browser run them."),
    "server_time": ("服务器时间", "Server time"),
    "connecting": ("正在连接", "Connecting"),
    "connected": ("已连接", "Connected"),
    "not_connected": ("未连接", "Not connected"),
    "lost": (
        "未连接服务器：看到的内容可能已过时。已输入的都在。",
        "Not connected: what you see may be old. What you typed is kept.",
    ),
    "lost_since": (
        "未连接服务器：以下是 {0} 时的内容，可能已过时。已输入的都在。",
        "Not connected: this is how it stood at {0} and may be old. What you typed is kept.",
    ),
    "silent": ("浏览器拦住了声音：按任意键或这个按钮", "The browser blocks sound: press any key, or this"),
    "sound_on": ("打开声音", "Turn sound on"),
    "screens": ("其他页面", "Other screens"),
    "own_account": ("我的账号：改密码、换验证器", "My account: password and authenticator"),
    "log_out": ("退出", "Log out"),
    "help": ("快捷键", "Keys"),
    "key_help": ("显示快捷键", "Show the keys"),
    "keys_title": ("键盘快捷键", "Keyboard shortcuts"),
    "key": ("按键", "Key"),
    "key_does": ("作用", "What it does"),
    "close": ("关闭", "Close"),
    "put_away": ("知道了", "Put away"),
    "shortened": ("太长了：只保留前 {0} 个字", "Too long: the first {0} characters are kept"),
    "not_your_screen": (
        "{0}（{1}）不能使用这个页面。",
        "This screen is not for {0} ({1}).",
    ),
    "to_your_screen": ("打开您的页面", "Open your own screen"),
    **_ROLES,
    **_TEAMS,
    **_STATES,
    **_MOMENTS,
    **_PROBLEMS,
}
#: The log-in, which may be asked for in the middle of any screen.
LOG_IN: Final[Texts] = {
    "login_name": ("用户名", "Name"),
    "login_password": ("密码", "Password"),
    "login_code": ("动态码（6 位）", "One-time code (6 digits)"),
    "login_code_hint": ("验证器应用现在显示的数字", "What your authenticator app shows now"),
    "login_button": ("登录", "Log in"),
    "login_no_name": ("请输入用户名。", "Type your name."),
    "login_no_password": ("请输入密码。", "Type your password."),
    "login_no_code": ("动态码是 6 位数字，请看验证器应用。", "The code has 6 digits: see your authenticator app."),
    "login_wrong": (
        "用户名、密码或动态码不对，或者动态码已用过。请等验证器显示新的数字，再输入一次。",
        "The name, the password or the code is wrong, or the code was used already. Wait for the next code, and type it.",
    ),
    "login_locked": (
        "失败次数太多，请等 {0} 秒。忘记密码请找管理员。",
        "Too many failures: wait {0} s. If you forgot the password, ask the administrator.",
    ),
    "login_again": ("现在可以再试。", "You may try again now."),
    "login_no_screen": (
        "{0}（{1}）已登录，但这个服务器没有此角色的页面。",
        "{0} ({1}) is logged in, but this server has no screen for that role.",
    ),
    "again_title": ("登录已结束，请再次登录", "Your log-in has ended: log in again"),
    "again_words": (
        "已输入的内容都在，登录后接着做。",
        "Everything you typed is kept; it goes on where you were.",
    ),
    "again_other": ("换人使用：退出（清除已输入的内容）", "Somebody else: log out (clears what was typed)"),
    "logout_who": ("{0}（{1}）已登录。", "{0} ({1}) is logged in."),
    "logout_nobody": ("现在没有人登录。", "Nobody is logged in here."),
    "logout_button": ("退出登录", "Log out"),
    "to_login": ("去登录", "To the log-in"),
}
