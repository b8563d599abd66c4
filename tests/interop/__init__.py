"""Sessions with other implementations over real sockets: who they are, and how they are secured."""

import pytest

# Here, and not in conftest.py, because tests of other folders import these modules too.
pytest.register_assert_rewrite(
    "interop.block_ends", "interop.ends", "interop.mobilityhouse", "interop.node_peer"
)
