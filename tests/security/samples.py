"""Small files of every format that hornbeam reads, to damage."""


from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).resolve().parents[1] / "saving"
SUFFIXES = (".h5", ".keras", ".safetensors")
_LARGEST = 60_000  # bytes; a large file takes long to read, and most of it is numbers


def small_model(trained=False):
    """A model with a shared layer, a nested model and two outputs."""
    from hornbeam.layers import LSTM, Dense, Dropout, Embedding, Flatten, concatenate
    from hornbeam.models import Input, Model, Sequential

    words, features = Input((3,), name="words"), Input((4,), name="features")
    deep = Dense(3, activation="tanh", input_shape=(3,), name="deep")
    inner = Sequential([deep, Dropout(0.1, name="drop")], name="inner")
    read = LSTM(3, name="read")(Embedding(7, 4, name="embed")(words))
    merged = concatenate([inner(read), Flatten()(features)])
    shared = Dense(2, name="shared", kernel_regularizer="l2")
    model = Model([words, features], [shared(merged), Dense(1, name="second")(merged)], name="net")
    if trained:
        model.compile("adam", "mse", metrics=["mae"])
        x = [np.arange(12).reshape(4, 3) % 7, np.ones((4, 4), "float32")]
        model.train_on_batch(x, [np.ones((4, 2)), np.ones((4, 1))])
    return model


def _rewrite(source, target):
    """Copies a file into the latest form of HDF5, with packed arrays and attributes in a heap."""
    import h5py

    with h5py.File(source) as old, h5py.File(target, "w", libver="latest") as new:
        for name, value in old.attrs.items():
            new.attrs[name] = value
        for number in range(12):  # so many are kept in a tree of their own
            new.attrs[f"more{number}"] = "x" * number

        def copy(name, item):
            if isinstance(item, h5py.Group):
                place = new.create_group(name, track_order=True)
            else:
                options = {"compression": "gzip", "shuffle": True} if item.shape else {}
                place = new.create_dataset(name, data=item[()], **options)
            for key, value in item.attrs.items():
                place.attrs[key] = value

        old.visititems(copy)


def write(folder):
    """Writes a file of each kind into `folder`; returns their paths, and those of golden files."""
    folder = Path(folder)
    model = small_model(trained=True)
    model.save(folder / "model.h5")
    model.save_weights(folder / "weights.h5")
    _rewrite(folder / "model.h5", folder / "packed.h5")
    (folder / "model.json").write_text(model.to_json())
    (folder / "model.yaml").write_text(model.to_yaml())
    for name, save in (("model.keras", model.save), ("w.safetensors", model.save_weights)):
        try:
            save(folder / name)
        except (ImportError, ValueError):  # an extra that is not installed
            continue
        if (folder / name).read_bytes()[:4] == b"\x89HDF":
            (folder / name).unlink()
    golden = [
        path
        for path in sorted(GOLDEN.rglob("*"))
        if path.suffix in SUFFIXES and path.stat().st_size < _LARGEST
    ]
    return sorted(folder.iterdir()) + golden


