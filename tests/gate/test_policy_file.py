import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from proofbook.exceptions import ConfigurationError
from proofbook.gate.policy_file import given, read

RULE = '[rules.clean]\nat = "promote"\nrequire = "!run.code.dirty"\nbecause = "Committed code only."\n'


def test_a_rule_is_read_with_what_holds_by_itself() -> None:
    policy = read(RULE.encode())
    rule = policy.rules["clean"]
    assert (rule.at, rule.overridable, rule.decision) == (("promote",), None, "no")
    assert policy.asked("promote") == {"clean": rule}
    assert policy.asked("rollback") == {}


def test_a_check_asks_the_rules_of_the_seal_too() -> None:
    policy = read(RULE.replace('"promote"', '["seal"]').encode())
    assert list(policy.asked("check")) == ["clean"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("require", "requires", r"\[rules.clean\]: unknown key 'requires'; did you mean 'require'"),
        ("rules", "rule", "unknown key 'rule'; did you mean 'rules'"),
        ('"promote"', '"promot"', r"unknown transition 'promot'; did you mean 'promote'"),
        ('"promote"', "[]", "is never asked"),
        ('"promote"', "3", "Expected `array`"),
        ('"Committed code only."', '" "', "because is empty"),
        ('"!run.code.dirty"', "true", "Expected `str`"),
        ('"!run.code.dirty"', '"run.tasks.all(t, t.nam == 1)"', "unknown name t.nam .*did you mean 'name'"),
        ('"!run.code.dirty"', f'"true{" || true" * 300}"', "characters: at most 2000"),
        ("[rules.clean]", "[rules.clean", "is not valid TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_place(old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read(RULE.replace(old, new, 1).encode())


def test_a_test_gives_facts_over_a_plain_good_run() -> None:
    case = '[[tests]]\nname = "x"\nat = "promote"\nexpect = "refuse"\nby = ["clean"]\ngiven.run.code.dirty = true\n'
    (test,) = read((RULE + case).encode()).tests
    facts = given(test)
    assert facts["run.code.dirty"] is True
    assert (facts["run.ending"], facts["gate.decision"], facts["production.exists"]) == ("succeeded", "go", True)
    with pytest.raises(ConfigurationError, match=r"unknown name 'run.code.dirtty'; did you mean 'run.code.dirty'"):
        read((RULE + case.replace("dirty = true", "dirtty = true")).encode())
    with pytest.raises(ConfigurationError, match="unknown rule 'claen'; did you mean 'clean'"):
        read((RULE + case.replace('"clean"', '"claen"')).encode())


def test_a_test_may_only_give_what_is_known_at_its_step() -> None:
    case = '[[tests]]\nname = "x"\nat = "seal"\nexpect = "allow"\ngiven.gate.decision = "go"\n'
    with pytest.raises(ConfigurationError, match="unknown name 'gate'"):
        read(case.encode())


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"a = " + b"[" * 100_000,
        b"#" * 300_000,
        b"rules = 1",
        b"tests = {}",
        b"\n".join(b'[rules.r%d]\nat="seal"\nrequire="true"\nbecause="x"' % number for number in range(101)),
    ],
)
def test_no_file_ends_in_anything_but_a_sentence(content: bytes) -> None:
    with pytest.raises(ConfigurationError):
        read(content)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)  # fmt: skip


@drawn(
    st.binary(max_size=200)
    | st.dictionaries(st.sampled_from(["at", "require", "because", "x"]), _VALUES).map(repr).map(str.encode)
)
def test_any_bytes_are_a_policy_or_refused(content: bytes) -> None:
    for whole in (content, b"[rules]\nr = " + content):
        try:
            policy = read(whole)
        except ConfigurationError:
            continue
        assert policy.content == whole
