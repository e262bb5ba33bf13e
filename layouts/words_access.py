"""Texts of signing in, of one's own account and of what is not among one's rights. Nothing but data."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "table.own": ("Các đơn vị của bạn", "Your units"),
    "page.refused": ("Không có quyền xem", "Not among your rights"),
    "page.refused.text": (
        "Tài khoản của bạn không xem được trang này. Nếu công việc cần đến, liên hệ người quản trị.",
        "Your account does not reach this page. If your work needs it, ask the administrator.",
    ),
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
