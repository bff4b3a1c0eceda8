"""Tolerance rules in words, for captions and descriptions."""

from dosing_tui.domain.tolerances.rules import ToleranceRules


def describe_rules(rules: ToleranceRules) -> str:
    """Describe the plant's rule, without a full stop.

    >>> describe_rules(ToleranceRules(0.5)), describe_rules(ToleranceRules(0.5, 2.0, None, 8.2))
    ('±0.5 g', '±0.5 g or ±2 %, not below 8.2 g')
    """
    if rules.class_factor is not None:
        plant = f"class X({rules.class_factor:g})"
    else:
        plant = f"±{rules.tolerance_g:g} g"
        plant += f" or ±{rules.tolerance_percent:g} %" if rules.tolerance_percent else ""
    others = ", others by chemical or recipe" if rules.overrides else ""
    least = f", not below {rules.least_dose_g:g} g" if rules.least_dose_g else ""
    return f"{plant}{others}{least}"
