"""How many digits stand after the point of a currency? (ISO 4217, minor units; two where it is not named here.)"""

from __future__ import annotations

from collections.abc import Mapping

NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
THREE = "BHD IQD JOD KWD LYD OMR TND"
DECIMALS: Mapping[str, int] = dict.fromkeys(NONE.split(), 0) | dict.fromkeys(THREE.split(), 3)


def decimals(currency: str) -> int:
    """
    >>> decimals("JPY"), decimals("EUR"), decimals("KWD")
    (0, 2, 3)
    """
    return DECIMALS.get(currency, 2)
