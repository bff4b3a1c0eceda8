"""Lets go of what closed widgets have drawn."""

from textual._styles_cache import StylesCache


def release_closed_widgets() -> None:
    """Let Textual remember two colours for all widgets alike, where this version of it does not.

    Each widget's drawn lines would be part of the key that they are remembered by, and outlive the widget:
    those of the last 1,024, dozens of megabytes (https://github.com/Textualize/textual/issues/6665).
    """
    remembered = vars(StylesCache)["get_inner_outer"]
    if hasattr(remembered, "cache_info"):  # else it is a class method by now
        StylesCache.get_inner_outer = classmethod(remembered)  # type: ignore[assignment]  # a static method until now
