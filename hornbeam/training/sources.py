"""What users give as data, before it becomes batches."""


def check_count(name, value):
    """Checks a number of epochs or steps.

    Raises:
        ValueError: unless it is None or an integer of at least 0.
    """
    if value is None:
        return
    if isinstance(value, bool) or int(value) != value or value < 0:
        raise ValueError(f"`{name}` must be an integer of at least 0; got {value!r}.")


def peeked(trainer, source):
    """Lets a model that waits for data see the first batch, without losing it."""
    if trainer.model.outputs:
        return source
    if hasattr(source, "__getitem__"):
        trainer.ensure_built(source[0][0])
        return source
    iterator = iter(source)
    first = next(iterator)
    trainer.ensure_built(first[0])

    def again():
        yield first
        yield from iterator

    return again()


def repeated(data, steps, shuffle):
    """Yields `steps` batches of arrays, beginning again where they end."""
    while steps > 0:
        data.shuffle(shuffle)
        for batch in data.batches():
            yield batch
            steps -= 1
            if not steps:
                return
