"""Queues of batches for loops of one's own."""

import hashlib
import itertools
import threading

import numpy as np
import pytest

from hornbeam.utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence
from hornbeam.utils.data_utils import validate_file


class Numbers(Sequence):
    def __init__(self, count=5, bad=None):
        self.count, self.bad, self.ends = count, bad, 0

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if index == self.bad:
            raise KeyError("batch is broken")
        return np.full(2, index + 100 * self.ends)

    def on_epoch_end(self):
        self.ends += 1


def take(enqueuer, count):
    return [int(batch[0]) for batch in itertools.islice(enqueuer.get(), count)]


@pytest.mark.parametrize("workers", [1, 4])
def test_batches_come_in_order_epoch_after_epoch(workers):
    enqueuer = OrderedEnqueuer(Numbers())
    assert not enqueuer.is_running()
    enqueuer.start(workers=workers, max_queue_size=3)
    assert take(enqueuer, 12) == [0, 1, 2, 3, 4, 100, 101, 102, 103, 104, 200, 201]
    enqueuer.stop()
    assert not enqueuer.is_running() and not enqueuer.run_thread.is_alive()


def test_shuffled_epochs_hold_every_batch_once():
    enqueuer = OrderedEnqueuer(Numbers(20), shuffle=True)
    enqueuer.start(workers=2)
    first = take(enqueuer, 20)
    enqueuer.stop()
    assert sorted(first) == list(range(20)) and first != list(range(20))


def test_the_end_of_an_epoch_can_be_waited_for():
    numbers = Numbers(3)
    enqueuer = OrderedEnqueuer(numbers)
    enqueuer.start()
    batches = enqueuer.get()
    for _ in range(3):
        next(batches)
    enqueuer.join_end_of_epoch()
    assert numbers.ends == 1
    enqueuer.stop()


def test_an_error_of_a_worker_is_raised_and_ends_the_queue():
    enqueuer = OrderedEnqueuer(Numbers(bad=2))
    enqueuer.start(workers=2)
    with pytest.raises(KeyError, match="batch is broken"):
        take(enqueuer, 5)
    assert not enqueuer.is_running()


def test_generators_end_and_leave_out_none():
    enqueuer = GeneratorEnqueuer(x if x is None else np.full(2, x) for x in [1, None, 2, 3])
    enqueuer.start(workers=3)
    assert take(enqueuer, 10) == [1, 2, 3]


def test_endless_generators_can_be_stopped():
    before = threading.active_count()
    enqueuer = GeneratorEnqueuer(np.full(2, x) for x in itertools.count())
    enqueuer.start()
    assert take(enqueuer, 4) == [0, 1, 2, 3]
    enqueuer.stop(timeout=5)
    assert threading.active_count() == before


def test_a_generator_cannot_be_read_by_processes():
    with pytest.raises(ValueError, match="needs a keras.utils.Sequence"):
        GeneratorEnqueuer(iter([1]), use_multiprocessing=True)


def test_files_are_known_by_their_hash(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    assert validate_file(path, hashlib.md5(b"content").hexdigest())
    assert validate_file(path, hashlib.sha256(b"content").hexdigest())
    assert validate_file(path, hashlib.sha256(b"content").hexdigest(), "sha256")
    assert not validate_file(path, hashlib.md5(b"other").hexdigest())
