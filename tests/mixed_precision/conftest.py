"""Every test begins and ends with the policy that nobody has set."""

import pytest

from hornbeam import mixed_precision


@pytest.fixture(autouse=True)
def own_policy():
    yield
    mixed_precision.set_global_policy(None)
