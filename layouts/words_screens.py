"""Texts of pairing screens: what one shows that waits, and the page on which it is made a known one. Only data."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "pair.title": ("Ghép nối màn hình", "Pair this screen"),
    "pair.how": (
        "Cán bộ trực mở {where}, nhập mã này và đặt tên cho màn hình.",
        "An operator opens {where}, types this code and gives the screen a name.",
    ),
    "pair.lasts": (
        "Mã có hiệu lực {minutes} phút; màn hình tự chuyển sang bảng điều hành khi được ghép nối.",
        "The code holds for {minutes} minutes; once paired, this screen turns into the wall by itself.",
    ),
    "pair.later": (
        "Chưa cấp được mã lúc này. Màn hình tự thử lại.",
        "No code can be given just now. This screen tries again by itself.",
    ),
    "pair.person": ("Không phải màn hình treo tường? Đăng nhập", "Not a wall screen? Sign in"),
    "screens.title": ("Màn hình đã ghép nối", "Paired screens"),
    "screens.title.about": ("Ghép nối, thu hồi màn hình treo tường", "Pair wall screens, revoke them"),
    "screens.how": (
        "Mở /wall trên màn hình chưa ghép nối: màn hình hiện một mã sáu chữ số. Nhập mã đó vào đây.",
        "Open /wall on a screen that is not paired yet: it shows a code of six digits. Type it here.",
    ),
    "screens.code": ("Mã trên màn hình", "Code on the screen"),
    "screens.name": ("Tên màn hình", "Name of the screen"),
    "screens.name.hint": ("Sảnh tầng 1", "Hall, ground floor"),
    "screens.dossiers": (
        "Hiện cả số hồ sơ (chỉ cho phòng kín; không chọn thì chỉ hiện số liệu tổng hợp)",
        "Show dossiers' numbers too (closed rooms only; else it shows aggregates alone)",
    ),
    "screens.pair": ("Ghép nối", "Pair"),
    "screens.there": ("Các màn hình đã ghép nối", "The paired screens"),
    "screens.col.name": ("Màn hình", "Screen"),
    "screens.col.shows": ("Nội dung", "Shows"),
    "screens.col.seen": ("Hoạt động gần nhất", "Last seen"),
    "screens.col.paired": ("Ghép nối", "Paired"),
    "screens.with": ("có số hồ sơ", "with dossiers' numbers"),
    "screens.without": ("chỉ số liệu tổng hợp", "aggregates only"),
    "screens.never": ("chưa", "never"),
    "screens.revoke": ("Thu hồi", "Revoke"),
    "screens.none": ("Chưa ghép nối màn hình nào.", "No screen is paired yet."),
    "screens.gone": ("Đã thu hồi", "Revoked"),
    "screens.wanted": (
        "Nhập mã {digits} chữ số đang hiện trên màn hình và tên cho màn hình (tối đa 80 ký tự).",
        "Enter the code of {digits} digits that the screen shows, and a name for it (at most 80 letters).",
    ),
    "screens.nobody": (
        "Không có màn hình nào đang hiện mã {code}. Mã có thể đã hết hạn: xem lại trên màn hình.",
        "No screen shows the code {code}. It may have passed: look at the screen again.",
    ),
    "screens.often": ("Nhập mã quá nhiều lần. Thử lại sau {wait}.", "Too many codes typed. Try again in {wait}."),
}
