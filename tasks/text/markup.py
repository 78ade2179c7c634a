"""HTML and other angle-bracket markup out of text: tags go, what they enclose stays, entities become characters."""

import re

from selectolax.lexbor import LexborHTMLParser

UNSEEN_ELEMENTS = ["script", "style"]
"""Elements whose content no reader of the page sees."""

_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|"
    "sup|time|tt|u|var|wbr"
)
_BREAKING_TAG = re.compile(rf"<(?=/?[a-z])(?!/?(?:{_INLINE})\b)", re.IGNORECASE)
"""The start of a tag that parts words: `good<br />film` is two words, `w<b>or</b>d` is one."""

_LONE_BRACKET = re.compile(r"<(?!(?:/?[a-zA-Z]|[!?])[^<>]*>)")
"""A `<` that opens no tag, as in `a < b`; an HTML parser would take `a <b and so on` for a tag up to the text's end."""


def remove_markup(text: str) -> str:
    """`text` as a browser would show it, with a space where a block or line ends.

    Comments, declarations and the content of script and style elements are dropped. Text in which nothing is markup
    comes back unchanged.
    """
    if "<" not in text and "&" not in text:
        return text
    text = _LONE_BRACKET.sub("&lt;", _remove_comments(text))
    page = LexborHTMLParser(_BREAKING_TAG.sub(" <", text))
    page.strip_tags(UNSEEN_ELEMENTS)
    return page.root.text() if page.root is not None else ""


def _remove_comments(text: str) -> str:
    """Without `<!-- -->`; one that never ends is text. A loop, since a regex would try every opening to the end."""
    kept: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[position:start])
        position = end + 3
    return "".join([*kept, text[position:]])
