"""A group's mark fits this group only, survives an extension, and names nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from azlabs.sandbox import tags
from azlabs.sandbox.model import Sandbox

Made = Callable[..., Sandbox]


def test_a_mark_is_read_back(made: Made) -> None:
    box = made(expires=datetime(2030, 1, 1, tzinfo=UTC), created=datetime(2029, 12, 31, 8, tzinfo=UTC))
    mark = tags.read_mark(box.subscription_id, box.resource_group, tags.marks(box, box.resource_group))
    assert mark is not None
    assert (mark.sandbox, mark.lab, mark.created, mark.expires) == (box.id, box.lab, box.created, box.expires)


def test_azure_may_change_the_case_of_names(made: Made) -> None:
    box = made()
    marked = {name.upper(): value for name, value in tags.marks(box, box.resource_group).items()}
    assert tags.read_mark(box.subscription_id.upper(), box.resource_group.upper(), marked) is not None


@pytest.mark.parametrize("name", [tags.SANDBOX, tags.LAB, tags.CREATED, tags.SEAL])
def test_a_mark_that_was_changed_or_cut_does_not_count(made: Made, name: str) -> None:
    box = made()
    marked = tags.marks(box, box.resource_group)
    assert tags.read_mark(box.subscription_id, box.resource_group, {**marked, name: "other"}) is None
    del marked[name]
    assert tags.read_mark(box.subscription_id, box.resource_group, marked) is None


def test_tags_copied_to_another_group_or_subscription_do_not_fit(made: Made) -> None:
    box = made()
    marked = tags.marks(box, box.resource_group)
    assert tags.read_mark(box.subscription_id, "my-own-group", marked) is None
    assert tags.read_mark("11111111-1111-1111-1111-111111111111", box.resource_group, marked) is None


def test_the_end_may_be_moved(made: Made) -> None:
    box = made(expires=datetime(2030, 1, 1, tzinfo=UTC))
    marked = {**tags.marks(box, box.resource_group), tags.EXPIRES: "2031-01-01T00:00:00+00:00"}
    mark = tags.read_mark(box.subscription_id, box.resource_group, marked)
    assert mark is not None and mark.expires == datetime(2031, 1, 1, tzinfo=UTC)


def test_the_account_is_not_written_out(made: Made) -> None:
    box = made(account="dana@wherrymoor.example", tenant_id="t")
    assert "dana" not in str(tags.marks(box, box.resource_group))


@pytest.mark.parametrize("found", [None, {}, {"azlabs-sandbox": "x"}, {"env": "prod"}])
def test_groups_without_a_mark_have_none(found: dict[str, str] | None) -> None:
    assert tags.read_mark("s", "g", found) is None
