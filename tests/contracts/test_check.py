"""What each check says, and which rows it sets aside."""

import io
from pathlib import Path

import polars as pl
import pytest

from proofbook.contracts import contract as contracts
from proofbook.contracts.check import Found, Parts, check
from proofbook.exceptions import ConfigurationError


def held(path: Path, text: str) -> tuple[Found, Parts | None]:
    return check(path, shown=path.name, contract=contracts.parse(text, path="contracts/t.toml"))


def csv(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return path


TERMS = """
files = ["t.csv"]
on_breach = "quarantine"
set_aside_at_most = 0.9
[columns.id]
type = "integer"
unique = true
[columns.day]
type = "date"
[columns.price]
type = "number"
range = [0, 100]
unit = "EUR"
"""


def test_rows_that_cannot_be_read_are_set_aside_as_they_stand_with_each_reason(tmp_path: Path) -> None:
    path = csv(tmp_path, "id,day,price\n1,2020-01-01,5\n2,2020-13-01,x\n3,2020-01-03,500\n4,,5\n5,2020-01-05, 7 \n")
    found, parts = held(path, TERMS)
    assert parts is not None
    assert parts.clean == b"id,day,price\n1,2020-01-01,5\n5,2020-01-05, 7 \n"
    assert parts.aside.decode().splitlines() == [
        "row,reason,id,day,price",
        "2,day: that cannot be read as date; price: that cannot be read as number,2,2020-13-01,x",
        "3,price: outside of 0 to 100 EUR,3,2020-01-03,500",
        "4,day: without a value,4,,5",
    ]
    assert found.aside == 3
    assert {(one.column, one.check, one.count) for one in found.breaches} == {
        ("day", "malformed", 1), ("price", "malformed", 1), ("price", "range", 1), ("day", "nulls", 1)
    }  # fmt: skip


def test_a_breach_names_file_column_check_count_example_and_what_to_do(tmp_path: Path) -> None:
    found, _ = held(csv(tmp_path, "id,day,price\n1,2020-01-01,500\n"), TERMS.replace('"quarantine"', '"fail"'))
    (breach,) = found.breaches
    assert breach.line == (
        "t.csv: column price: 1 of 1 rows outside of 0 to 100 EUR, first 500 in row 1 (range: fail); "
        "correct the file, or widen range in columns.price (contracts/t.toml)"
    )


def test_more_rows_than_may_be_set_aside_fail(tmp_path: Path) -> None:
    rows = "".join(f"{number},2020-01-01,{500 if number < 3 else 5}\n" for number in range(10))
    found, _ = held(csv(tmp_path, "id,day,price\n" + rows), TERMS.replace("0.9", "0.2"))
    assert [(one.check, one.policy) for one in found.breaches] == [("too_many", "fail"), ("range", "quarantine")]
    assert "3 of 10 rows would be set aside (30.0%), more than 20.0%" in found.breaches[0].line


def test_of_equal_rows_the_first_stays_and_of_rows_that_differ_none(tmp_path: Path) -> None:
    terms = (
        'files = ["t.csv"]\nkey = ["id"]\non_breach = "quarantine"\nset_aside_at_most = 1\n'
        '[columns.id]\ntype = "integer"\n[columns.v]\ntype = "text"\n'
    )
    _, parts = held(csv(tmp_path, "id,v\n1,a\n1,a\n2,b\n2,c\n3,d\n"), terms)
    assert parts is not None
    assert parts.clean == b"id,v\n1,a\n3,d\n"


def test_all_values_in_another_unit_fail_as_that_before_any_is_set_aside(tmp_path: Path) -> None:
    terms = (
        'files = ["t.parquet"]\n[columns.t]\ntype = "float64"\nrange = [0, 50]\nmedian = [10, 25]\nspread = [5, 30]\n'
        'on_breach = { range = "quarantine" }\nunit = "°C"\n'
    )
    path = tmp_path / "t.parquet"
    pl.DataFrame({"t": [float(10 + number % 15) * 1.8 + 32 for number in range(100)]}).write_parquet(path)
    found, _ = held(path, terms)
    assert ("median", "fail") in {(one.check, one.policy) for one in found.breaches}
    assert "the median is 62.6 °C, and must be from 10 to 25" in found.breaches[0].line
    assert "is it in another unit?" in found.breaches[0].line


@pytest.mark.parametrize(("order", "values"), [("increasing", [1, 2, 2, 3]), ("decreasing", [3, 2, 2, 1])])
def test_order_is_of_the_rows(tmp_path: Path, order: str, values: list[int]) -> None:
    terms = f'files = ["t.parquet"]\n[columns.n]\ntype = "int64"\norder = "{order}"\n'
    path = tmp_path / "t.parquet"
    pl.DataFrame({"n": values}).write_parquet(path)
    assert held(path, terms)[0].breaches == ()
    pl.DataFrame({"n": values[::-1]}).write_parquet(path)
    assert [one.check for one in held(path, terms)[0].breaches] == ["order"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_breaks_finite(tmp_path: Path, value: float) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"x": [1.0, value]}).write_parquet(path)
    terms = 'files = ["t.parquet"]\n[columns.x]\ntype = "float64"\n'
    assert [one.check for one in held(path, terms)[0].breaches] == ["finite"]
    assert held(path, f"{terms}finite = false\n")[0].breaches == ()


def test_a_json_number_with_a_fraction_is_no_integer(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"id": 1}\n{"id": 2.5}\n{"id": 3}\n')
    terms = 'files = ["t.jsonl"]\non_breach = "quarantine"\nset_aside_at_most = 0.5\n[columns.id]\ntype = "int64"\n'
    found, parts = held(path, terms)
    assert [(one.check, one.example) for one in found.breaches] == [("malformed", "2.5")]
    assert parts is not None
    assert pl.read_ndjson(io.BytesIO(parts.clean))["id"].to_list() == [1, 3]


def test_odd_names_nested_values_and_a_column_called_reason_can_be_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    frame = pl.DataFrame({"reason": ["x", "y"], "a b\"'": [[1, 2], [3]], "row": [b"\x00", b"\x01"], "n": [1, -1]})
    frame.write_parquet(path)
    terms = (
        'files = ["t.parquet"]\nextra_columns = true\nset_aside_at_most = 1\n'
        '[columns.n]\ntype = "int64"\nrange = [0, 5]\non_breach = "quarantine"\n'
    )
    _, parts = held(path, terms)
    assert parts is not None
    assert parts.aside.decode().splitlines()[1] == "2,n: outside of 0 to 5,y,[3],01,-1"
    assert pl.read_parquet(parts.clean).equals(frame.head(1))


def test_what_a_contract_asks_of_a_column_that_cannot_answer_is_its_own_fault(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"t": ["a"]}).write_parquet(path)
    terms = 'files = ["t.parquet"]\n[columns.t]\ntype = "text"\npattern = "(?=a)a"\n'
    with pytest.raises(ConfigurationError, match=r"contracts/t.toml asks of t.parquet what its columns cannot answer"):
        held(path, terms)


REFUSED = {
    "files = []": "files is empty",
    "fils = ['a']": r"unknown key 'fils'; did you mean 'files'",
    "files = ['a']\non_breach = 'ignore'": "'ignore' is no policy: write 'fail', 'warn' or 'quarantine'",
    "files = ['a']\non_breach = { rang = 'warn' }": "names no check: 'rang'; did you mean 'range'",
    "files = ['a']\non_breach = { rows = 'quarantine' }": "no single row is at fault",
    "files = ['a']\nkey = ['b']": "key names 'b', which is no column",
    "files = ['a']\n[columns.b]\ntype = 'strin'": "'strin' is no type",
    "files = ['a']\n[columns.b]\ntype = 'int64'\nrange = [2, 1]": "holds nothing",
    "files = ['a']\n[columns.b]\ntype = 'text'\nrange = [1, 2]": "does not fit type text",
    "files = ['a']\n[columns.b]\ntype = 'date'\nrange = [2020-01-01, 2021-01-01T00:00:00]": "two of one kind",
    "files = ['a']\n[columns.b]\ntype = 'text'\npattern = '['": "no regular expression",
    "files = ['a']\n[columns.b]\ntype = 'text'\nnulls = 3": "write a share from 0 to 1",
    "files = ['a']\n[columns.b]\ntype = 'int64'\nnulls = 0.5\non_breach = { nulls = 'quarantine' }": "no single row",
    "files = ['a']\n[columns.b]\ntype = 'text'\nrnge = 1": r"\[columns.b\] has an unknown key 'rnge'; did you mean 'range'",
    "files = ['a']\nperiod = { column = 'b', name = '%Y', zone = 'Mars' }\n[columns.b]\ntype = 'date'": "no time zone 'Mars'",
    "files = [": "not valid TOML",
    f"files = ['a']\nx = {'[' * 3000}": "too deep",
    "files = ['']": "'' is no file below",
    "files = ['/etc/passwd']": "is no file below",
    "files = ['../a.csv']": "is no file below",
    "files = ['a/../../b.csv']": "is no file below",
    "files = ['./a.csv']": "write 'a.csv'",
    "files = ['a**.csv']": "alone between slashes",
    "files = ['a']\nset_aside_at_most = nan": "set_aside_at_most = nan: write a share",
    "files = ['a']\nrows = [9, 3]": "the least and the largest",
    "files = ['a']\nleast_files = -1": "how many files",
    "files = ['a']\nfreshness = { column = 'b', days = nan }\n[columns.b]\ntype = 'date'": "days = nan",
    "files = ['a']\nfreshness = { column = 'b', days = 1 }\n[columns.b]\ntype = 'text'": "a date or datetime tells",
    "files = ['a']\nfreshness = { column = 'b', days = 1 }\n[columns.b]\ntype = 'time'": "a date or datetime tells",
    "files = ['a']\nperiod = { column = 'b', name = '%Y' }\n[columns.b]\ntype = 'int64'": "a date or datetime tells",
    "files = ['a']\n[columns.b]\ntype = 'int64'\npattern = '9+'": "pattern is for text",
    "files = ['a']\n[columns.b]\ntype = 'int64'\nparts = { year = 'b' }": "parts are of a date",
    f"files = ['a']\n[columns.b]\ntype = 'text'\npattern = 'a{{{'9' * 20}}}'": "no regular expression",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_a_contract_that_makes_no_sense_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ConfigurationError, match=REFUSED[text]) as refused:
        contracts.parse(text, path="contracts/t.toml")
    assert str(refused.value).startswith("contracts/t.toml")
    assert "\n" not in str(refused.value)


def test_a_pattern_holds_for_categories_too(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"t": pl.Series(["aa", "b"], dtype=pl.Categorical)}).write_parquet(path)
    terms = 'files = ["t.parquet"]\n[columns.t]\ntype = "category"\npattern = "a+"\n'
    assert [(one.check, one.count) for one in held(path, terms)[0].breaches] == [("pattern", 1)]


@pytest.mark.parametrize("file", ["data/a.csv", "data/2020/a.csv", "data/2020/01/a.csv"])
def test_two_stars_stand_for_any_folders_and_for_none(file: str) -> None:
    one = contracts.parse("files = ['data/**/*.csv']", path="c.toml")
    assert contracts.responsible([one], file) == one
    assert contracts.responsible([one], "other/a.csv") is None


def test_comments_and_order_are_no_part_of_what_a_contract_says() -> None:
    one = contracts.parse("files = ['a']\nrows = [1, 2]\n[columns.b]\ntype = 'date'", path="c.toml")
    two = contracts.parse("# words\nrows = [1, 2]\nfiles = ['a']\n[columns]\nb = { type = 'date' }", path="c.toml")
    other = contracts.parse("files = ['a']\nrows = [1, 3]\n[columns.b]\ntype = 'date'", path="c.toml")
    assert one.digest == two.digest
    assert one.digest != other.digest
