"""Texts of signing in, of one's own account and of what is not among one's rights. Nothing but data."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "table.own": ("Các đơn vị của bạn", "Your units"),
    "page.refused": ("Không có quyền xem", "Not among your rights"),
    "page.refused.text": (
        "Tài khoản của bạn không xem được trang này. Nếu công việc cần đến, liên hệ người quản trị.",
        "Your account does not reach this page. If your work needs it, ask the administrator.",
    ),
    "oidc.away": (
        "Hệ thống xác thực không trả lời. Thử lại sau, hoặc đăng nhập bằng mật khẩu.",
        "The sign-in system does not answer. Try again later, or sign in with a password.",
    ),
    "oidc.again": (
        "Lần đăng nhập này đã quá lâu hoặc bắt đầu từ trình duyệt khác. Hãy đăng nhập lại.",
        "This sign-in took too long or was begun in another browser. Please begin again.",
    ),
    "oidc.refused": (
        "Không xác nhận được danh tính từ hệ thống xác thực. Hãy đăng nhập lại.",
        "The sign-in system did not vouch for you. Please begin again.",
    ),
    "oidc.nobody": (
        "Tài khoản này chưa được cấp quyền ở trung tâm điều hành; liên hệ người quản trị.",
        "This account has no rights at the operations centre; ask the administrator.",
    ),
    "role.viewer": ("Người xem", "Viewer"),
    "role.department": ("Đơn vị", "Department"),
    "role.leader": ("Lãnh đạo", "Leader"),
    "role.operator": ("Trực ban", "Operator"),
    "role.administrator": ("Quản trị", "Administrator"),
    "account.title": ("Tài khoản", "Account"),
    "account.sessions": ("Đang đăng nhập ở", "Signed in on"),
    "account.here": ("thiết bị này", "this device"),
    "account.since": ("từ {moment}", "since {moment}"),
    "account.seen": ("dùng lần cuối {moment}", "last used {moment}"),
    "account.end": ("Đăng xuất thiết bị", "Sign it out"),
    "account.end_others": ("Đăng xuất mọi thiết bị khác", "Sign out all others"),
    "account.password": ("Đổi mật khẩu", "Another password"),
    "account.old": ("Mật khẩu hiện tại", "Present password"),
    "account.new": ("Mật khẩu mới", "New password"),
    "account.again": ("Nhập lại mật khẩu mới", "New password once more"),
    "account.rules": (
        "Ít nhất {shortest} ký tự; không bắt buộc chữ hoa, số hay dấu. Dễ nhớ nhất: bốn, năm từ không liên quan.",
        "At least {shortest} characters; no capitals, digits or signs are demanded. Four or five words that do not "
        "belong together are easiest to remember.",
    ),
    "account.change": ("Đổi mật khẩu", "Change the password"),
    "account.wrong": ("Mật khẩu hiện tại không đúng.", "The present password is wrong."),
    "account.differ": ("Hai lần nhập mật khẩu mới không giống nhau.", "The new password was not typed alike twice."),
    "account.short": (
        "Mật khẩu mới quá ngắn: cần ít nhất {shortest} ký tự.",
        "The new password is too short: it wants at least {shortest} characters.",
    ),
    "account.long": (
        "Mật khẩu mới quá dài: nhiều nhất {longest} ký tự.",
        "The new password is too long: it wants at most {longest} characters.",
    ),
    "account.common": (
        "Mật khẩu mới dễ đoán: gồm từ phổ biến, dãy ký tự, tên đăng nhập hoặc tên tỉnh.",
        "The new password is easily guessed: common words, a pattern, the login or the province's name.",
    ),
    "account.elsewhere": (
        "Tài khoản này đăng nhập bằng hệ thống khác và không có mật khẩu ở đây.",
        "This account signs in with another system and has no password here.",
    ),
    "account.done.password": (
        "Đã đổi mật khẩu; các thiết bị khác đã bị đăng xuất.",
        "The password is changed; other devices are signed out.",
    ),
    "account.done.sessions": ("Đã đăng xuất.", "Signed out."),
    "sign.title": ("Đăng nhập", "Sign in"),
    "sign.login": ("Tên đăng nhập", "Login"),
    "sign.password": ("Mật khẩu", "Password"),
    "sign.go": ("Đăng nhập", "Sign in"),
    "sign.or": ("hoặc", "or"),
    "sign.out": ("Đăng xuất", "Sign out"),
    "sign.forgotten": (
        "Quên mật khẩu hoặc chưa có tài khoản: liên hệ người quản trị trung tâm điều hành.",
        "Forgotten the password, or no account yet: ask the administrator of the operations centre.",
    ),
    "sign.empty": ("Nhập tên đăng nhập và mật khẩu.", "Enter login and password."),
    "sign.wrong": ("Tên đăng nhập hoặc mật khẩu không đúng.", "The login or the password is wrong."),
    "sign.wait": (
        "Sai quá nhiều lần. Thử lại sau {wait}.",
        "Too many failed attempts. Try again in {wait}.",
    ),
    "sign.closed": (
        "Tài khoản đã bị khóa vì sai quá nhiều lần; người quản trị phải đặt lại mật khẩu.",
        "The account is closed after too many failed attempts; the administrator has to set another password.",
    ),
}
