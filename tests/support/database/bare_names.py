"""Where SQL compares or groups chemicals and lots by their bare names, not by what all spellings share."""

import re
from collections.abc import Iterator

_NAME = r"(?:\w+\.)?(?:chemical|lot_number|lot)\b(?!\s*\()"
_END = "ORDER BY|HAVING|ON CONFLICT|UNION ALL|LOOP"
_PATTERNS = (
    rf"(?<![\w.(])(?:lower\()?{_NAME}\)?\s*(?:=|<>|!=|IN\b|LIKE\b)(?!\s*'')\s*[^,\n]*",
    rf"(?:=|<>|!=)\s*(?:lower\()?{_NAME}",
    r"USING\s*\([^)]*\b(?:chemical|lot_number|lot)\b[^)]*\)",
    rf"(?:GROUP BY|PARTITION BY|DISTINCT ON \()(?:(?!{_END})[^;)])*?(?<![\w(]){_NAME}",
    rf"\([\w., ]*(?<![\w(]){_NAME}[\w., ]*\)\s*(?:=|IN\b)",
)
_COMMENT = re.compile(r"--[^\n]*")
_FOLDED = re.compile(r"fold_name\([^()]*\)")


def find_bare_names(text: str) -> Iterator[str]:
    """Each comparison, join or grouping, as it is written."""
    plain = _FOLDED.sub("folded", _COMMENT.sub("", text))
    for pattern in _PATTERNS:
        for found in re.finditer(pattern, plain):
            yield " ".join(found[0].split())
