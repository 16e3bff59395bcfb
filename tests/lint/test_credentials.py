"""What is a credential, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofbook.lint import engine
from proofbook.lint.credentials import is_password, is_token, masked, secrets
from proofbook.model.configuration import LintConfiguration
from tests.lint.factory import notebook

# each in two parts, so that nobody takes it for one that was lost here
BODY = "n7RkQ2vXw9TzLb4YcJm1HsPd8GfVe5UaKo3ZiWxB6qCtNy"
FORMS = {
    "a GitHub token": "gho_" + BODY[:36],
    "an AWS access key": "ASIA" + "QYLPMN5HWRZ3TKD7",
    "a GitLab token": "glpat-" + BODY[:20],
    "a Slack token": "xoxb-" + "8317465092-" + BODY[:24],
    "a Stripe key": "sk_live_" + BODY[:24],
    "a Google API key": "AIza" + BODY[:35],
    "a PyPI token": "pypi-AgE" + BODY + BODY,
    "an npm token": "npm_" + BODY[:36],
    "a Hugging Face token": "hf_" + BODY[:34],
    "an Anthropic key": "sk-ant-" + "api03-" + BODY,
    "an OpenAI key": "sk-" + "proj-" + BODY,
    "a SendGrid key": "SG." + BODY[:22] + "." + BODY[:43],
    "a DigitalOcean token": "dop_v1_" + "9f3a7c1e5b8d2046" * 4,
    "a Databricks token": "dapi" + "9f3a7c1e5b8d2046" * 2,
    "a key of Azure storage": "AccountKey=" + (BODY + BODY)[:86] + "==",
}


@pytest.mark.parametrize(("kind", "text"), FORMS.items())
def test_a_credential_is_known_by_its_form_wherever_it_stands(kind: str, text: str) -> None:
    for around in ("{}", "x = '{}'", "export TOKEN={}\n", "<td>{}</td>", '{{"token": "{}"}}'):
        whole = around.format(text).replace("TOKEN=", "TOKEN ")
        found = list(secrets(whole))

        assert [(one.kind, whole[one.start : one.end]) for one in found] == [(kind, text)]


@pytest.mark.parametrize(("kind", "text"), FORMS.items())
def test_a_part_of_a_longer_word_is_none(kind: str, text: str) -> None:
    assert not list(secrets(f"A{text}")), kind


@pytest.mark.parametrize(
    "text",
    [
        "ghp_" + "x" * 36,
        "AKIAIOSFODNN7EXAMPLE",
        "hf_" + "a" * 34,
        "AIza" + "your-key-0123456789abcdefghijklmno",
        "sk-learn",
    ],
)
def test_a_placeholder_is_none(text: str) -> None:
    assert not list(secrets(text))


@pytest.mark.parametrize("value", ["hunter2", "k9dWq2vT!", "Tr0ub4dor&3", "p4$$-im-W4ld"])
def test_a_password(value: str) -> None:
    assert is_password(value)


@pytest.mark.parametrize(
    "value",
    ["", "postgres", "my-database", "changeme1", "your_password", "<password>", "${PASSWORD}", "test1234", "a b3c4d5"],
)
def test_not_a_password(value: str) -> None:
    assert not is_password(value)


@pytest.mark.parametrize("value", ["8f14e45fceea167a5a36dedd4bea2543", "Vq8~kP2xT7mZ4bN9wR1c", BODY])
def test_a_token(value: str) -> None:
    assert is_token(value)


@pytest.mark.parametrize(
    "value", ["bert-base-uncased", "projects/flights/secrets", "<|endoftext|>", "aaaaaaaaaaaaaaaaaaaa1", "1" * 40]
)
def test_not_a_token(value: str) -> None:
    assert not is_token(value)


@given(st.text() | st.text(alphabet="eyJ.sk-:/@AK_gh", max_size=400))
def test_any_text_can_be_searched(text: str) -> None:
    for found in secrets(text):
        assert text[found.start : found.end]


@pytest.mark.parametrize(
    "piece", ["sk-", "eyJ", "eyJ.", "://a:", "://a:bcdefg@", "AKIA", "-----BEGIN A ", "SG.", "hf_a", "xoxb-1"]
)
def test_a_text_made_to_take_long_takes_a_moment(piece: str) -> None:
    text = piece * (300_000 // len(piece)) + " PRIVATE KEY----- @ ://"
    # a search that goes back and forth would not come to an end within the time that a test has
    assert list(secrets(text)) == []


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"t = '{FORMS['a GitHub token']}'  # {FORMS['an npm token']}", "t = '****'  # ****"),
        (
            "connect(user='flights', password='hunter2', port=5432)",
            "connect(user='flights', password='****', port=5432)",
        ),
        ('db_password: str = "hunter2"', 'db_password: str = "****"'),
        ("c = {'apiKey': '8f14e45fceea167a5a36dedd4bea2543'}", "c = {'apiKey': '****'}"),
        ("os.environ['DB_PASSWORD'] = 'hunter2'", "os.environ['DB_PASSWORD'] = '****'"),
        ("%env DB_PASSWORD=hunter2", "%env DB_PASSWORD=****"),
        ("%env DB_PASSWORD hunter2", "%env DB_PASSWORD ****"),
        ("connect('postgres://flights:k9dWq2vT@acme.io/x')", "connect('postgres://flights:****@acme.io/x')"),
        ("password = os.environ['PASSWORD']", "password = os.environ['PASSWORD']"),
        ("x = {'a': 'hunter2'}", "x = {'a': 'hunter2'}"),
    ],
)
def test_a_line_is_shown_without_its_secrets(line: str, shown: str) -> None:
    assert masked(line) == shown


@given(st.text() | st.text(alphabet="password='hunter2: \"[]", max_size=200))
def test_any_line_can_be_shown(line: str) -> None:
    masked(line)


def test_no_finding_shows_a_secret_whichever_rule_it_is_of() -> None:
    made = notebook(f"token = '{BODY}'\ndb_password = (\n    'hunter2')", f"!curl -H {FORMS['a GitHub token']}")

    found = engine.lint(made, configuration=LintConfiguration())

    assert {"PB214", "PB401", "PB405"} <= {one.rule for one in found}
    assert not [
        one for one in found for text in (BODY, "hunter2", FORMS["a GitHub token"]) if text in one.text + one.message
    ]
