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


def percent(share: float, *, sign: bool = False) -> str:
    """A share as people read it: "12 %", "+3.4 %"."""
    digits = 0 if abs(share) >= 0.1 else 1
    return f"{100 * share:{'+' if sign else ''},.{digits}f} %".replace("-", "\N{MINUS SIGN}")


def chance(probability: float) -> str:
    """A probability as people read it, never as if it were none: "12 %", "less than 0.1 %"."""
    return percent(probability) if probability >= 0.001 else "less than 0.1 %"


def printable(text: str, most: int = 64) -> str:
    """Text that came from outside, fit for a page: no control characters, not longer than `most`."""
    clean = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[: most + 1]
    )
    return clean if len(clean) <= most else f"{clean[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def units(dollars: float) -> float:
    """Units in an amount of US dollars."""
    return dollars * UNITS_PER_USD
