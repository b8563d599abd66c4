"""What is left out marks the issues in it, and no others."""

from ocppkit.core import Issue, Repair, Rule
from ocppkit.core.payloads._issue_recorder import IssueRecorder


def test_items_that_are_left_out_mark_the_issues_in_them_and_none_of_the_list_itself() -> None:
    recorder = IssueRecorder(stops=False)
    paths = ["$.listed[0]", "$.list", "$.list[1].unit", "$.list[2]"]
    for path in paths:
        recorder.add(Issue(path, Rule.MAX_ITEMS if path == "$.list" else Rule.TYPE))
    recorder.leave_out_items("$.list")
    issues = list(recorder.result(refused=False))
    assert [issue.path for issue in issues] == paths
    left_out = Repair.ITEM_LEFT_OUT
    assert [issue.repair for issue in issues] == [None, None, left_out, left_out]
