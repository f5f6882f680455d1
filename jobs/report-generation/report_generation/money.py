"""Units as people read them."""

from risk_results import UNITS_PER_USD

_SCALES = ((1e9, "bn"), (1e6, "m"), (1e3, "k"), (1.0, ""))


def dollars(units: float) -> float:
    """US dollars, to the unit."""
    return round(units / UNITS_PER_USD, 4)


def scale_of(units: float) -> tuple[float, str]:
    """The divisor and suffix in which an amount of this size is best read: (1e6, "m")."""
    amount = abs(units) / UNITS_PER_USD
    return next((scale for scale in _SCALES if amount >= scale[0]), _SCALES[-1])


def short(units: float) -> str:
    """Three significant digits or a little more: "12.4 m", "-830 k"."""
    divisor, suffix = scale_of(units)
    value = units / UNITS_PER_USD / divisor
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f} {suffix}".strip().replace("-", "\N{MINUS SIGN}")
