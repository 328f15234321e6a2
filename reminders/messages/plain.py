"""A text as its words are read, so that no way of writing hides one from the tables.

Tags, line breaks, invisible characters, accents, other widths, look-alike letters of other scripts,
traditional characters, and the blanks or dots between the letters of a word are taken off.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape

_MARKUP = re.compile(r"<style>.*?</style>|<[^>]*>", re.DOTALL)
_SEPARATOR = r"[ .*_·•|~-]"
_BETWEEN = re.compile(rf"(?<=[\u4e00-\u9fff]){_SEPARATOR}{{1,2}}(?=[\u4e00-\u9fff])")
# Four letters that stand alone are one word; "U.S.A." is left as it is.
_SPELLED = re.compile(rf"(?<![a-z0-9])[a-z](?:{_SEPARATOR}{{1,2}}[a-z]){{3,}}(?![a-z0-9])")
_APART = re.compile(_SEPARATOR)
_UNSEEN = frozenset({"Cf", "Mn", "Me"})
# The tables' characters as they are written in Hong Kong and Taiwan; letters that are no letters;
# Cyrillic and Greek ones that look like ours.
_READ_AS = str.maketrans(
    "後負則將們嚴門實訪獄詐騙單執費凍結強氣著訴訟開賴無恥丟臉賬帳沒敗壞顏檢經偵務師團隊傳銀監稅"
    "屬親鄰領導闆緊聯繫絡訊錄會優現紅減額獎貸時請還舊禮點擊責誠"
    "狀決書類癡緝託響終續處辦號戶電話個遞問"
    "авекмнортсухіјѕһԁԛԝ" + "αεικνορτυχ",
    "后负则将们严门实访狱诈骗单执费冻结强气着诉讼开赖无耻丢脸账账没败坏颜检经侦务师团队传银监税"
    "属亲邻领导板紧联系系讯录会优现红减额奖贷时请还旧礼点击责诚"
    "状决书类痴缉托响终续处办号户电话个递问"
    "abekmhoptcyxijshdqw" + "aeikvoptux",
    "\u115f\u1160\u2800",
)


def plain(text: str) -> str:
    """The words alone, in one case, width and script, with single spaces."""
    seen = unescape(_MARKUP.sub("", text))
    if not seen.isascii():
        apart = unicodedata.normalize("NFKD", seen)
        kept = "".join(each for each in apart if unicodedata.category(each) not in _UNSEEN)
        seen = kept.lower().translate(_READ_AS)
    words = _BETWEEN.sub("", " ".join(seen.lower().split()))
    return _SPELLED.sub(lambda found: _APART.sub("", found[0]), words)
