"""Keys of identities: any text, one word, and back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocppkit.fleet._keys import identity_of, key_of

TEXTS = st.text(st.characters(exclude_categories=("Cs",)))


@given(TEXTS)
def test_every_identity_has_a_key_that_leads_back(identity: str) -> None:
    key = key_of(identity)
    assert re.fullmatch(r"[-_=a-zA-Z0-9]*", key)
    assert identity_of(key) == identity


def test_usual_identities_are_their_own_keys() -> None:
    assert key_of("CP-001_a") == "CP-001_a"
    assert key_of("EVB:P1*2@x.y/z=") == "EVB=3AP1=2A2=40x=2Ey=2Fz=3D"


@pytest.mark.parametrize("key", ["a.b", "=3a", "=41", "a=", "=FF", "CP:1"])
def test_other_keys_are_of_no_identity(key: str) -> None:
    with pytest.raises(ValueError, match=r"identity|utf-8"):
        identity_of(key)
