"""How many minor units is an amount? Exactly as the sender wrote it: never through binary fractions.

Exponents: ISO 4217:2015 table A.1 (the few that are not 2). Halves round away from zero, as tills do.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

NO_MINOR = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
THREE = "BHD IQD JOD KWD LYD OMR TND"
FOUR = "CLF UYW"
TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
    "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR "
    "MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK "
    "SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD "
    "XCG YER ZAR ZMW ZWG"
)
EXPONENT: dict[str, int] = {
    code: exponent for exponent, codes in ((0, NO_MINOR), (2, TWO), (3, THREE), (4, FOUR)) for code in codes.split()
}

MOST = 10**13
"""Largest amount of one event in minor units: 900,000 such events still add up within 64 bits."""

_TEN = tuple(10**n for n in range(5))


def scaled(value: object, exponent: int) -> int | None:
    """The number `value` (int, Decimal or numeric text) times 10**exponent, rounded to a whole; None if it is none.

    >>> scaled(Decimal("19.99"), 2), scaled("0.005", 2), scaled(7, 3), scaled("7 pounds", 2), scaled(True, 2)
    (1999, 1, 7000, None, None)
    """
    if type(value) is int:
        whole = value * _TEN[exponent] if -MOST <= value <= MOST else MOST + 1
    else:
        if type(value) is str:
            try:
                value = Decimal(value.strip()) if len(value) <= 40 else None
            except InvalidOperation:
                return None
        if type(value) is not Decimal or not value.is_finite():
            return None
        if value.adjusted() > 13:
            return None
        whole = int(value.scaleb(exponent).to_integral_value(ROUND_HALF_UP))
    return whole if -MOST <= whole <= MOST else None
