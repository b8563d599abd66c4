"""Issues: their text is bounded and free of control characters, and several have one error code."""

import pytest

from ocppkit.core import ErrorCode, Issue, Rule
from ocppkit.core.model._issues import error_code_of, render_path, summary


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (None, "$"),
        ((None, "status"), "$.status"),
        ((((None, "meterValue"), 0), "timestamp"), "$.meterValue[0].timestamp"),
        ((None, "odd name"), "$['odd name']"),
        ((None, ""), "$['']"),
        ((None, "it's"), '$["it\'s"]'),
        ((None, "a\x1b[31m\n"), r"$['a\x1b[31m\n']"),
        ((None, "\u202e"), r"$['\u202e']"),
        ((None, "münchen"), "$['münchen']"),
    ],
)
def test_a_path_quotes_odd_names(path, text):
    assert render_path(path) == text


def test_a_path_cuts_long_names():
    assert render_path((None, "x" * 10_000)) == f"$['{'x' * 40}'...]"


def test_a_path_pattern_has_no_positions():
    path = ((((None, "a"), 3), "b"), 12)
    assert render_path(path, pattern=True) == "$.a[*].b[*]"


@pytest.mark.parametrize(
    ("issue", "message"),
    [
        (Issue("$.type", Rule.ENUM, "Soon"), "unknown value 'Soon' at $.type"),
        (Issue("$.id", Rule.REQUIRED), "required member missing at $.id"),
        (Issue("$.a", Rule.TYPE, {"b": 1}, "a string"), "an object in place of a string at $.a"),
        (Issue("$.a", Rule.TYPE, [1, 2], "a string"), "a list of 2 in place of a string at $.a"),
        (Issue("$.a", Rule.TYPE, True, "an integer"), "true in place of an integer at $.a"),
        (Issue("$.a", Rule.NULL, None, "a string"), "null in place of a string at $.a"),
        (Issue("$.a", Rule.MAXIMUM, 101, 100), "101 is above 100 at $.a"),
        (Issue("$.a", Rule.MAXIMUM, 10**5000, 100), "a very long integer is above 100 at $.a"),
        (Issue("$.a", Rule.FORMAT, "x", "URI"), "'x' is no URI at $.a"),
        (Issue("$.a", Rule.UNKNOWN_MEMBER, 1), "unknown member at $.a"),
        (Issue("$.a", Rule.MIN_ITEMS, [], 1), "a list of 0 in place of 1 or more items at $.a"),
    ],
)
def test_a_message_names_value_and_path(issue, message):
    assert issue.message == message


def test_a_message_escapes_what_a_terminal_would_obey():
    issue = Issue("$.type", Rule.ENUM, "\x1b[2J\r\n\x00\x9b\u2028\ud800")
    assert issue.message == r"unknown value '\x1b[2J\r\n\x00\x9b\u2028\ud800' at $.type"


@pytest.mark.parametrize("value", ["x" * 1_000_000, ["x"] * 1_000_000, {"x" * 1_000_000: 1}])
def test_a_message_is_bounded(value):
    issue = Issue("$.a", Rule.TYPE, value, "an integer")
    assert len(issue.message) < 100
    assert len(repr(issue)) < 120


def test_a_repr_says_what_was_repaired():
    assert repr(Issue("$.a", Rule.REQUIRED)) == "<Issue required: required member missing at $.a>"
    assert repr(Issue("$.a", Rule.ENUM, "x", repaired=True)).endswith("at $.a, repaired>")


# rpc.md: the decision table of payload faults.
@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({Rule.JSON}, ErrorCode.RPC_FRAMEWORK_ERROR),
        ({Rule.PAYLOAD, Rule.UNKNOWN_MEMBER}, ErrorCode.FORMAT_VIOLATION),
        (
            {Rule.REQUIRED, Rule.MIN_ITEMS, Rule.MAX_ITEMS},
            ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        ),
        ({Rule.TYPE, Rule.NULL}, ErrorCode.TYPE_CONSTRAINT_VIOLATION),
        (
            {
                *(Rule.ENUM, Rule.MIN_LENGTH, Rule.MAX_LENGTH, Rule.MINIMUM, Rule.MAXIMUM),
                *(Rule.MULTIPLE_OF, Rule.FORMAT, Rule.NUMBER),
            },
            ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        ),
    ],
)
def test_each_rule_has_its_code(rules, code):
    assert {Issue("$", rule).error_code for rule in rules} == {code}


def test_every_rule_has_a_code_and_a_text():
    for rule in Rule:
        issue = Issue("$.a", rule)
        assert issue.error_code in ErrorCode
        assert issue.message.endswith(" at $.a")


def test_the_code_of_several_issues_is_that_of_the_first_rule():
    missing, unknown, mistyped = (
        Issue("$.a", Rule.REQUIRED),
        Issue("$.b", Rule.UNKNOWN_MEMBER),
        Issue("$.c", Rule.TYPE),
    )
    assert error_code_of([mistyped, unknown, missing]) is missing.error_code
    assert error_code_of([mistyped, unknown]) is unknown.error_code


def test_an_unrepaired_issue_decides_the_code():
    repaired = Issue("$.a", Rule.MAX_ITEMS, repaired=True)
    unrepaired = Issue("$.b", Rule.ENUM, "x")
    assert error_code_of([repaired, unrepaired]) is unrepaired.error_code


def test_a_summary_shows_three_issues_the_unrepaired_first():
    issues = [Issue(f"$.a{at}", Rule.REQUIRED, repaired=at < 2) for at in range(5)]
    text = summary(issues)
    assert text.startswith("required member missing at $.a2; ")
    assert text.endswith("; and 2 more")
    assert summary(issues[:1]) == "required member missing at $.a0"
