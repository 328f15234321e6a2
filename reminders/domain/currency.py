"""How many decimals lie between the minor and the major unit of a currency."""

from __future__ import annotations

from collections.abc import Mapping

# ISO 4217 list one, wherever the exponent is not 2. CLDR's digits, which Babel follows, are how
# people write cash (AFN 0, IQD 0), not how minor units are counted, and would shift the amount.
_CODES_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS: Mapping[str, int] = {
    code: digits for digits, codes in _CODES_BY_EXPONENT.items() for code in codes.split()
}


def major_unit(currency: str) -> int:
    """Minor units in one major unit: 100 for most, 1 for JPY, 1000 for KWD."""
    digits = EXPONENTS.get(currency, 2)
    return int(10**digits)
