"""What `multi_gpu_model` refuses; that it trains as one device does: `tests/distribution`."""

import pytest

from hornbeam.layers import Dense
from hornbeam.models import Sequential
from hornbeam.utils import multi_gpu_model


def test_bad_arguments():
    model = Sequential([Dense(1, input_shape=(2,))])
    with pytest.raises(ValueError, match=r"call `multi_gpu_model` with `gpus >= 2`.*`gpus=1`"):
        multi_gpu_model(model, 1)
    with pytest.raises(ValueError, match=r"devices \[64, 65\] should be there.*Try reducing"):
        multi_gpu_model(model, [64, 65])
    with pytest.raises(ValueError, match="`cpu_relocation=True` is not available"):
        multi_gpu_model(model, 2, cpu_relocation=True)
    with pytest.raises(ValueError, match="`cpu_merge` must be True or False"):
        multi_gpu_model(model, 2, cpu_merge="yes")
