"""Numbers as JavaScript and JSON write them."""

from __future__ import annotations

import math
from decimal import Decimal


def number_text(number: float) -> str:
    """Return a number in its shortest JSON form: 5.0 is `5`, 1e21 is `1e+21`.

    Whole numbers keep every digit, however large. Source: ECMA-262, Number::toString.
    """
    if isinstance(number, int):
        return str(number)
    if 1e-4 <= abs(number) < 1e16:  # Python writes all of these the same way, but for `.0`
        return repr(number).removesuffix(".0")
    if number == 0:
        return "0"
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    if 0 < point <= 21:
        text = text.ljust(point, "0")
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{text}"
    else:
        mantissa = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
        text = f"{mantissa}e{point - 1:+d}"
    return f"-{text}" if sign else text
