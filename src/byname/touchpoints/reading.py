"""How does the night's engine read a file by its mapping? As SQL text; nothing here runs it.

`understood` gives one row per row of the file, in byname's words and units, and says in `why` what is wrong with it
(a key of REASONS, or LEFT_OUT; null: nothing). Text in, text out: the same mapping always gives the same query.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from pathlib import Path

from byname.touchpoints import money
from byname.touchpoints.files import Mapping, used_columns

LEFT_OUT = "left_out"  # a row that [where] does not want: no fault

CARD = r"'[0-9][0-9 .\-\t]{10,}[0-9]'"  # could be a card number; `holds_card_number` decides


def relation(file: Path, mapping: Mapping) -> str:
    """A query of the file's own columns and `file_row` (1 for the first)."""
    joined = ""
    if mapping.join:
        other = _reader(file.parent / mapping.join.file, mapping)
        joined = f" left join (select * from {other}) using ({quoted(mapping.join.on)})"
    if file.suffix == ".parquet":
        reader = f"read_parquet({pattern(file)}, file_row_number = true)"
        return f"select * exclude (file_row_number), file_row_number + 1 as file_row from {reader}{joined}"
    numbered = f"(select *, row_number() over () as file_row from {_reader(file, mapping)})"
    return f"select * from {numbered}{joined}"


def understood(mapping: Mapping, types: Map[str, str], rows: str, *, latest_at: int) -> str:
    """The rows of the relation `rows`, understood: see `words` for the columns. Times after `latest_at` are bad."""
    read = words(mapping, types)
    columns = ", ".join(f"{expression} as {word}" for word, expression in read.items())
    checks = " ".join(f"when {condition} then '{why}'" for why, condition in _checks(mapping, types, latest_at))
    kept = _kept(mapping)
    why = f"case when not ({kept}) then '{LEFT_OUT}' {checks} end" if kept else f"case {checks} end"
    return f"select *, {why} as why from (select {columns}{_raw(mapping)} from ({rows}))"


def words(mapping: Mapping, types: Map[str, str]) -> dict[str, str]:
    """Byname's word -> its SQL expression: file_row, named, at_, the codes, money in minor units, i0, i1, ...

    Codes that the file holds as whole numbers stay numbers (null: none) until they are grouped: that is much quicker.
    """
    m = mapping
    constant = {w: literal(v) for w, v in m.constants.items()}

    def code(word: str) -> str:
        columns = m.columns.get(word)
        if not columns:
            return constant.get(word, "''")
        found = text(columns, types)
        return found if is_whole(columns, types) else f"coalesce({found}, '')"

    read = {"file_row": "file_row", "named": named(m, types), "at_": _time(m, types)}
    if m.kind in ("orders", "events"):
        read |= {"place": code("place"), "currency": f"upper({code('currency')})"}
        exponent = _exponent(m, code("currency"))
        for word in ("amount", "discount", *(("coupon", "coupon_match") if m.kind == "orders" else ())):
            read[word] = _number(m, types, word, exponent)
    if m.kind == "orders":
        read |= {"product": code("product"), "quantity": _number(m, types, "quantity", "1000", missing="1")}
    if m.kind == "events":
        name = code("event")
        read |= {"name": f"event_name({name})" if "event" in m.columns else name, "ref": code("ref")}
    for number, columns in enumerate(m.identifiers.values()):
        read[f"i{number}"] = text(columns, types)
    return read


def named(mapping: Mapping, types: Map[str, str]) -> str:
    """What names the row in its source: the order, the id, or everything that the mapping reads of it."""
    columns = mapping.columns.get("order") or mapping.columns.get("id")
    if columns:
        return text(columns, types)
    parts = [f"coalesce(cast({quoted(c)} as varchar), '')" for c in sorted(used_columns(mapping))]
    return f"left(sha256(concat_ws(chr(31), {', '.join(parts)})), 32)"


def text(columns: tuple[str, ...], types: Map[str, str]) -> str:
    """Columns as one code, null when all are empty; several are joined by a colon. A whole number stays one."""
    if len(columns) > 1:
        parts = ", ".join(f"cast({text((c,), types)} as varchar)" for c in columns)
        return f"nullif(concat_ws(':', {parts}), '')"
    name = quoted(columns[0])
    return name if is_whole(columns, types) else f"nullif(trim(cast({name} as varchar)), '')"


def is_whole(columns: tuple[str, ...] | None, types: Map[str, str]) -> bool:
    """Is it one column of whole numbers?"""
    return columns is not None and len(columns) == 1 and _type(columns[0], types).endswith(("INT", "INTEGER"))


def literal(value: str | Path) -> str:
    """A SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def quoted(column: str) -> str:
    """A column name as SQL."""
    return '"' + column.replace('"', '""') + '"'


def _checks(m: Mapping, types: Map[str, str], latest_at: int) -> list[tuple[str, str]]:
    """What may be wrong with a row, first one wins: (why, condition over the words)."""
    naming = m.columns.get("order") or m.columns.get("id")
    long = "" if is_whole(naming, types) else f" or length(named) > {MOST_CODE}"
    checks = [("no_id", f"named is null{long}"), ("bad_time", "at_ is null"), ("time_ahead", f"at_ > {latest_at}")]
    if m.kind == "events":
        checks.append(("bad_name", "name = ''"))
    if m.kind in ("events", "traits"):
        checks.append(("no_identifier", " and ".join(f"i{n} is null" for n in range(len(m.identifiers)))))
    if m.kind == "orders":
        product = m.columns.get("product")
        checks.append(("no_product", "product is null" if is_whole(product, types) else "product = ''"))
        checks.append(("bad_quantity", "quantity is null"))
    if m.kind in ("orders", "events"):
        checks.append(("bad_amount", " or ".join(f"{w} is null" for w in MONEY_WORDS[m.kind])))
        if "currency" in m.columns:
            known = ", ".join(literal(c) for c in money.EXPONENT)
            empty = " and amount <> 0" if m.kind == "events" else ""
            checks.append(("bad_currency", f"currency not in ({known}){empty}"))
    codes = {"named": naming, **{w: m.columns.get(w) for w in ("place", "product", "ref")}}
    codes |= {f"i{n}": columns for n, columns in enumerate(m.identifiers.values())}
    held = [card_test(w, cs[0], whole=is_whole(cs, types)) for w, cs in codes.items() if cs]
    return [*checks, ("card_number", " or ".join(held) or "false")]


MOST_CODE = 200  # characters of an order or id
MONEY_WORDS = {"orders": ("amount", "discount", "coupon", "coupon_match"), "events": ("amount", "discount")}


def card_test(word: str, field: str, *, whole: bool = False) -> str:
    """A condition: does a card number stand in it? Mostly a look at the length; Python is asked about the rest."""
    near = f"{word} >= 100000000000" if whole else f"length({word}) >= 12 and regexp_matches({word}, {CARD})"
    return f"case when {near} then holds_card_number(cast({word} as varchar), {literal(field)}) else false end"


def _kept(m: Mapping) -> str:
    """The condition of [where] over the raw columns, which `understood` carries as w0, w1, ..."""
    parts = []
    for number, values in enumerate([*m.where.values(), *m.unless.values()]):
        listed = ", ".join(literal(v) for v in values)
        no = "" if number < len(m.where) else "not "
        parts.append(f"coalesce(w{number}, '') {no}in ({listed})")
    return " and ".join(parts)


def _raw(m: Mapping) -> str:
    columns = [*m.where, *m.unless]
    return "".join(f", cast({quoted(c)} as varchar) as w{n}" for n, c in enumerate(columns))


def _reader(file: Path, m: Mapping) -> str:
    if file.suffix == ".parquet":
        return f"read_parquet({pattern(file)})"
    delimiter = f", delim = {literal(m.delimiter)}" if m.delimiter else ""
    return (
        f"read_csv({pattern(file)}, all_varchar = true, header = true{delimiter}, quote = '\"',"
        " escape = '\"', store_rejects = true, rejects_limit = 0, strict_mode = true)"
    )


def _time(m: Mapping, types: Map[str, str]) -> str:
    """Microseconds since the epoch, UTC."""
    if "time" not in m.columns:
        return f"epoch_us(try_cast({literal(m.constants['time'])} as timestamptz))"
    column = quoted(m.columns["time"][0])
    kind = _type(m.columns["time"][0], types)
    if m.time_format in ("unix", "unix_ms"):
        return f"try_cast(round(try_cast({column} as decimal(20, 6)) * {UNIX[m.time_format]}) as bigint)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_us({column})"
    if kind.startswith(("TIMESTAMP", "DATE")):
        return _in_zone(f"cast({column} as timestamp)", m.time_zone)
    column = f"cast({column} as varchar)"
    if m.time_format and "%z" in m.time_format:
        return f"epoch_us(try_strptime({column}, {literal(m.time_format)}))"
    if m.time_format:
        return _in_zone(f"try_strptime({column}, {literal(m.time_format)})", m.time_zone)
    if m.time_zone == "UTC":
        return f"epoch_us(try_cast({column} as timestamptz))"
    offset = r"'([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)\s*$'"
    local = _in_zone(f"try_cast({column} as timestamp)", m.time_zone)
    stamped = f"length({column}) > 10 and regexp_matches({column}, {offset})"
    return f"case when {stamped} then epoch_us(try_cast({column} as timestamptz)) else {local} end"


UNIX = {"unix": 1_000_000, "unix_ms": 1_000}


def _in_zone(local: str, zone: str) -> str:
    return f"epoch_us({local})" if zone == "UTC" else f"epoch_us(timezone({literal(zone)}, {local}))"


def _number(m: Mapping, types: Map[str, str], word: str, times: str, missing: str = "0") -> str:
    """A decimal number times 10^n, rounded half away from zero as tills do; null when it is none.

    `missing`: what an empty field counts as; an order's amount must be there. Filled in first, so that a row costs one
    calculation (measured: half the time of a choice between two).
    """
    columns = m.columns.get(word)
    if not columns:
        return f"{missing} * {times}"
    column, kind = quoted(columns[0]), _type(columns[0], types)
    if kind == "VARCHAR":
        column = f"trim({column})"
        if m.decimal == ",":
            column = f"replace(replace({column}, '.', ''), ',', '.')"
        column = f"nullif({column}, '')"
    if word != "amount" or m.kind != "orders":
        column = f"coalesce({column}, {literal(missing) if kind == 'VARCHAR' else missing})"
    digits = 19 - len(times) if times.isdigit() else 22  # so many that the product cannot overflow
    exact = f"cast({column} as hugeint)" if is_whole(columns, types) else f"try_cast({column} as decimal({digits}, 4))"
    number = f"try_cast({exact} * {times} as bigint)"  # a cast rounds half away from zero
    return f"case when abs({number}) <= {money.MOST} then {number} end"


def _exponent(m: Mapping, currency: str) -> str:
    """By how much an amount is multiplied to become minor units."""
    if m.money_unit == "cents":
        return "1"
    if "currency" in m.constants:
        return str(10 ** money.EXPONENT[m.constants["currency"]])
    odd = [(code, n) for code, n in money.EXPONENT.items() if n != 2]
    cases = " ".join(f"when '{code}' then {10**n}" for code, n in odd)
    return f"case upper({currency}) {cases} else 100 end"


def _type(column: str, types: Map[str, str]) -> str:
    return types.get(column, "VARCHAR")


def pattern(path: Path) -> str:
    """A path as a SQL literal in which DuckDB sees no wildcard."""
    return literal("".join(f"[{c}]" if c in "*?[" else c for c in str(path)))
