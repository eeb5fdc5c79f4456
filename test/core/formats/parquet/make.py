"""Writes the Parquet files beside it, and what is in them as JSON, with two writers that are not ours.

    pip install pyarrow==26.0.1 duckdb==2.0.0 && python make.py

In the JSON a value that JSON has no word for is text: {"decimal": "1.10"}, {"bigint": "1"}, {"bytes": "ff"}, {"number": "NaN"}.
"""

import json
import pathlib
from datetime import date, time
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

here = pathlib.Path(__file__).parent


def keep(name, rows):
    (here / f"{name}.ndjson").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n")


def big(value):
    return None if value is None else {"bigint": str(value)}


def types():
    ns = 978_307_199_123_456_789
    columns = [
        ("text", pa.string(), ["a", None, "語🦥"], ["a", None, "語🦥"]),
        ("large_text", pa.large_string(), ["", "b", None], ["", "b", None]),
        ("bytes", pa.binary(), [b"\xff\x00", b"", None], [{"bytes": "ff00"}, {"bytes": ""}, None]),
        ("fixed", pa.binary(2), [b"ab", None, b"\xff\xfe"], [{"bytes": "6162"}, None, {"bytes": "fffe"}]),
        ("bool", pa.bool_(), [True, False, None], [True, False, None]),
        ("int8", pa.int8(), [-128, 127, None], [-128, 127, None]),
        ("int16", pa.int16(), [-32768, 32767, None], [-32768, 32767, None]),
        ("int32", pa.int32(), [-(2**31), 2**31 - 1, None], [-(2**31), 2**31 - 1, None]),
        ("int64", pa.int64(), [-(2**63), 2**63 - 1, None], [big(-(2**63)), big(2**63 - 1), None]),
        ("uint8", pa.uint8(), [255, 0, None], [255, 0, None]),
        ("uint16", pa.uint16(), [65535, 0, None], [65535, 0, None]),
        ("uint32", pa.uint32(), [2**32 - 1, 0, None], [2**32 - 1, 0, None]),
        ("uint64", pa.uint64(), [2**64 - 1, 2**53 + 1, None], [big(2**64 - 1), big(2**53 + 1), None]),
        ("half", pa.float16(), [1.5, -65504.0, 2**-24], [1.5, -65504.0, 2**-24]),
        ("float", pa.float32(), [0.1, float("inf"), None], [0.10000000149011612, {"number": "Infinity"}, None]),
        ("double", pa.float64(), [0.1, float("nan"), -0.0], [0.1, {"number": "NaN"}, {"number": "-0"}]),
        (
            "decimal32",
            pa.decimal128(9, 2),
            [Decimal("1.15"), Decimal("-0.01"), Decimal("1234567.10")],
            [{"decimal": "1.15"}, {"decimal": "-0.01"}, {"decimal": "1234567.10"}],
        ),
        (
            "decimal64",
            pa.decimal128(18, 6),
            [Decimal("123456789012.345678"), Decimal("0.000000"), None],
            [{"decimal": "123456789012.345678"}, {"decimal": "0.000000"}, None],
        ),
        (
            "decimal128",
            pa.decimal128(38, 20),
            [Decimal("123456789012345678.12345678901234567890"), Decimal("-1"), None],
            [{"decimal": "123456789012345678.12345678901234567890"}, {"decimal": "-1.00000000000000000000"}, None],
        ),
        (
            "decimal256",
            pa.decimal256(70, 0),
            [Decimal(10**69 + 1), Decimal(-(10**69)), None],
            [{"decimal": str(10**69 + 1)}, {"decimal": str(-(10**69))}, None],
        ),
        (
            "date",
            pa.date32(),
            [date(2000, 2, 29), date(1, 1, 1), date(9999, 12, 31)],
            ["2000-02-29", "0001-01-01", "9999-12-31"],
        ),
        ("time_ms", pa.time32("ms"), [time(23, 59, 59, 999000), time(0), None], ["23:59:59.999", "00:00:00", None]),
        ("time_us", pa.time64("us"), [time(1, 2, 3, 4), time(0), None], ["01:02:03.000004", "00:00:00", None]),
        ("time_ns", pa.time64("ns"), [86_399_999_999_999, 1, None], ["23:59:59.999999999", "00:00:00.000000001", None]),
        (
            "ts_ms",
            pa.timestamp("ms", tz="UTC"),
            [ns // 10**6, -1, None],
            ["2000-12-31T23:59:59.123Z", "1969-12-31T23:59:59.999Z", None],
        ),
        (
            "ts_us",
            pa.timestamp("us", tz="Europe/Berlin"),
            [ns // 10**3, 0, None],
            ["2000-12-31T23:59:59.123456Z", "1970-01-01T00:00:00Z", None],
        ),
        (
            "ts_ns",
            pa.timestamp("ns", tz="UTC"),
            [ns, -1, 2**63 - 1],
            ["2000-12-31T23:59:59.123456789Z", "1969-12-31T23:59:59.999999999Z", "2262-04-11T23:47:16.854775807Z"],
        ),
        (
            "ts_local",
            pa.timestamp("us"),
            [ns // 10**3, 253402300799999999, None],
            ["2000-12-31T23:59:59.123456", "9999-12-31T23:59:59.999999", None],
        ),
        ("nothing", pa.null(), [None, None, None], [None, None, None]),
    ]
    table = pa.table({name: pa.array(values, type) for name, type, values, _ in columns})
    rows = [{name: expected[i] for name, _, _, expected in columns} for i in range(3)]
    keep("types", rows)
    pq.write_table(table, here / "types.parquet")
    pq.write_table(table, here / "types-decimals-as-integers.parquet", store_decimal_as_integer=True)
    legacy = pa.table({"ts": pa.array([ns, -1, None], pa.timestamp("ns"))})
    pq.write_table(legacy, here / "int96.parquet", use_deprecated_int96_timestamps=True)
    keep("int96", [{"ts": t} for t in ["2000-12-31T23:59:59.123456789Z", "1969-12-31T23:59:59.999999999Z", None]])


def nested():
    point = pa.struct([("x", pa.int32()), ("tags", pa.list_(pa.string()))])
    schema = pa.schema(
        [
            ("id", pa.int32(), False),
            ("list", pa.list_(pa.int32())),
            ("lists", pa.list_(pa.list_(pa.string()))),
            ("struct", pa.struct([("a", pa.int32()), ("b", pa.struct([("c", pa.string())]))])),
            ("points", pa.list_(point)),
            ("map", pa.map_(pa.string(), pa.int32())),
            ("maps", pa.map_(pa.int32(), pa.list_(pa.int32()))),
        ]
    )
    rows = [
        {"id": 1, "list": [1, 2, 3], "lists": [["a"], [], None, ["b", None]], "struct": {"a": 1, "b": {"c": "d"}}},
        {"id": 2, "list": [], "lists": [], "struct": {"a": None, "b": None}, "points": [], "map": []},
        {"id": 3},
        {"id": 4, "list": [None], "lists": [None], "struct": {"a": 2, "b": {"c": None}}},
        {
            "id": 5,
            "points": [{"x": 1, "tags": ["p", "q"]}, None, {"x": None, "tags": None}, {"x": 2, "tags": []}],
            "map": [("k", 1), ("l", None)],
            "maps": [(7, [1, 2]), (8, None), (9, [])],
        },
    ]
    # Enough of them that lists go over the ends of pages.
    rows += [
        {"id": 6 + n, "list": list(range(n % 50)), "points": [{"x": n, "tags": [str(n)] * (n % 3)}] * (n % 4)}
        for n in range(300)
    ]
    table = pa.Table.from_pylist(rows, schema)
    expected = []
    for row in rows:
        row = {name: row.get(name) for name in schema.names}
        for name in ("map", "maps"):
            row[name] = None if row[name] is None else {str(k): v for k, v in row[name]}
        expected.append(row)
    keep("nested", expected)
    for version in ("1.0", "2.0"):
        pq.write_table(
            table,
            here / f"nested-v{version[0]}.parquet",
            data_page_version=version,
            data_page_size=64,
            write_batch_size=7,
            row_group_size=160,
            write_page_checksum=True,
        )


def codecs():
    rows = [
        {"n": n, "big": n * 10**15, "f": n / 3, "text": f"value {n % 17}", "flag": n % 3 == 0, "maybe": n if n % 5 else None}
        for n in range(400)
    ]
    keep("codecs", [{**row, "big": big(row["big"])} for row in rows])
    schema = pa.schema(
        [("n", pa.int32()), ("big", pa.int64()), ("f", pa.float64()), ("text", pa.string()), ("flag", pa.bool_()), ("maybe", pa.int32())]
    )
    table = pa.Table.from_pylist(rows, schema)
    for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
        pq.write_table(table, here / f"codec-{codec}.parquet", compression=codec, row_group_size=150)
    plain = {"use_dictionary": False, "data_page_size": 256, "write_batch_size": 16}
    for version in ("1.0", "2.0"):
        kind = f"v{version[0]}"
        more = {**plain, "data_page_version": version}
        pq.write_table(table, here / f"encoding-plain-{kind}.parquet", **more)
        delta = {"n": "DELTA_BINARY_PACKED", "big": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "flag": "RLE"}
        pq.write_table(table, here / f"encoding-delta-{kind}.parquet", column_encoding=delta, **more)
        other = {"text": "DELTA_LENGTH_BYTE_ARRAY", "f": "BYTE_STREAM_SPLIT", "n": "BYTE_STREAM_SPLIT"}
        pq.write_table(table, here / f"encoding-split-{kind}.parquet", column_encoding=other, **more)
    db = duckdb.connect()
    db.register("rows", table)
    db.execute(f"COPY rows TO '{here / 'duckdb.parquet'}' (FORMAT parquet, ROW_GROUP_SIZE 200)")


types()
nested()
codecs()
