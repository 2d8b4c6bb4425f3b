"""Resource ids: what they name and how they compare."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlabs.arm.ids import ResourceId, join, key

GROUP = "/subscriptions/s/resourceGroups/g"


@pytest.mark.parametrize(
    ("text", "type_name", "names", "scope", "parent"),
    [
        ("/", "Microsoft.Resources/tenants", (), "/", None),
        ("/subscriptions/s", "Microsoft.Resources/subscriptions", ("s",), "/", None),
        (GROUP, "Microsoft.Resources/resourceGroups", ("g",), "/subscriptions/s", None),
        (f"{GROUP}/providers/A.B/c/d", "A.B/c", ("d",), GROUP, None),
        (f"{GROUP}/providers/A.B/c/d/e/f", "A.B/c/e", ("d", "f"), GROUP, f"{GROUP}/providers/A.B/c/d"),
        (f"{GROUP}/providers/A.B/c/d/providers/E.F/g/h", "E.F/g", ("h",), f"{GROUP}/providers/A.B/c/d", None),
        (f"{GROUP}/providers/A.B/c/providers", "A.B/c", ("providers",), GROUP, None),
        ("/providers/M.M/managementGroups/m", "M.M/managementGroups", ("m",), "/", None),
    ],
)
def test_an_id_is_taken_apart(
    text: str, type_name: str, names: tuple[str, ...], scope: str, parent: str | None
) -> None:
    parsed = ResourceId.parse(text)
    assert (parsed.type, parsed.names, parsed.scope) == (type_name, names, scope)
    assert (str(parsed.parent) if parsed.parent else None) == parent
    assert str(parsed) == text


def test_ids_compare_without_case_and_keep_their_spelling() -> None:
    upper = ResourceId.parse("/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/A.B/C/D")
    lower = ResourceId.parse(str(upper).lower())
    assert upper == lower
    assert hash(upper) == hash(lower)
    assert upper.resource_group == "G"
    assert upper.key == key(str(upper)) == str(lower)


@pytest.mark.parametrize(
    "text",
    ["", "x", "/x", "/subscriptions", f"{GROUP}/providers", f"{GROUP}/providers/A.B/c", f"{GROUP}//providers/A/b/c"],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a resource id"):
        ResourceId.parse(text)


def test_an_extension_sits_on_a_resource_and_not_on_a_group() -> None:
    assert ResourceId.parse(f"{GROUP}/providers/A.B/c/d/providers/E.F/g/h").is_extension
    assert not ResourceId.parse(f"{GROUP}/providers/A.B/c/d").is_extension


@given(
    st.lists(
        st.text("abcXYZ-._", min_size=1, max_size=5).filter(lambda t: t.lower() != "providers"), min_size=1, max_size=3
    )
)
def test_what_is_joined_is_taken_apart_again(names: list[str]) -> None:
    kinds = "/".join(["A.B", *(f"k{at}" for at in range(len(names)))])
    parsed = ResourceId.parse(join(GROUP, kinds, tuple(names)))
    assert (parsed.type, list(parsed.names), parsed.scope) == (kinds, names, GROUP)
