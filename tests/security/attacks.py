"""Attack files: a row for each known kind of hostile model file, with the words of its refusal.

    python -m tests.security.attacks FOLDER

makes each file in FOLDER, loads it, and prints a line of JSON: what it raised, what it touched
outside (files, programs, the network, code of the file), how much memory and time it took.
"""

import base64
import json
import marshal
import pickle
import resource
import struct
import sys
import time
import warnings
import zipfile
from pathlib import Path

import h5py
import numpy as np
import yaml

from tests.security import samples

MEMORY = 2**30  # bytes beyond what the process has after its imports
CVE = {  # row -> where it is known from
    "lambda in h5": "CVE-2024-3660, CVE-2025-9905",
    "lambda in keras": "CVE-2024-3660",
    "module in keras": "CVE-2025-1550",
    "get_file in keras": "CVE-2025-8747",
    "switch of the safe mode in keras": "CVE-2025-9906",
    "vocabulary in keras": "CVE-2025-12058",
    "parent path in zip": "CVE-2025-12060",
    "external link": "CVE-2026-1669",
    "shape bomb": "CVE-2026-0897",
}


# ---- files


def bytecode():
    """The code of a function that touches the canary, as a `Lambda` holds it."""
    code = compile("lambda x: __import__('pathlib').Path('canary').touch() or x", "attack", "eval")
    return base64.b64encode(marshal.dumps(code.co_consts[0])).decode()


def stack(*layers, **more):
    """The config of a `Sequential` with an input of 4 numbers and these layers."""
    first = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "name": "i"}}
    config = {"name": "s", "layers": [first, *layers]}
    return {"class_name": "Sequential", "config": config, **more}


def layer(kind, **config):
    return {"class_name": kind, "config": config}


def lambda_layer(**more):
    return layer("Lambda", **{"name": "evil", "function": [bytecode(), None, None],
                              "function_type": "lambda", **more})


def lambda3():
    code = {"class_name": "__lambda__",
            "config": {"code": bytecode(), "defaults": None, "closure": None}}
    return {"module": "keras.layers", "class_name": "Lambda", "registered_name": None,
            "config": {"name": "evil", "function": code}}


def imported(module, name, **config):
    return {"module": module, "class_name": name, "config": config, "registered_name": name}


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def in_json(config):
    return lambda folder: _text(folder / "m.json", json.dumps(config))


def in_yaml(text):
    text = text if isinstance(text, str) else yaml.safe_dump(text)
    return lambda folder: _text(folder / "m.yaml", text)


def _text(path, text):
    path.write_text(text)
    return path


def in_h5(config=None, training=None, change=None):
    """A small model in HDF5, with another config, or changed by `change(file, folder)`."""

    def make(folder):
        path = folder / "m.h5"
        path.write_bytes((folder / "good.h5").read_bytes())
        with h5py.File(path, "r+") as file:
            if config is not None:
                file.attrs["model_config"] = json.dumps(config).encode()
            if training is not None:
                file.attrs["training_config"] = json.dumps(training).encode()
            if change is not None:
                change(file, folder)
        return path

    return make


def kernel(make):
    """Puts another thing in the place of a kernel; `make(group, name, folder)`."""

    def change(file, folder):
        place = file["model_weights/second/second"]
        del place["kernel:0"]
        make(place, "kernel:0", folder)

    return in_h5(change=change)


def in_keras(config):
    def make(folder):
        return _zip(folder, [("metadata.json", "{}"), ("config.json", json.dumps(config)),
                             ("model.weights.h5", (folder / "good.h5").read_bytes())])

    return make


def _zip(folder, members, **options):
    path = folder / "m.keras"
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in members:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a name twice
                archive.writestr(name, content)
    return path


def member(name, mode=None, content="x", method=zipfile.ZIP_STORED):
    """An archive with one more member."""

    def make(folder):
        info = zipfile.ZipInfo(name)
        info.compress_type = method
        if mode is not None:
            info.external_attr = mode << 16
        return _zip(folder, [("metadata.json", "{}"), ("config.json", json.dumps(stack())),
                             ("model.weights.h5", b""), (info, content)])

    return make


def patched_zip(before, after):
    """An archive with some bytes of its directory replaced."""

    def make(folder):
        path = member("extra")(folder)
        data = path.read_bytes()
        at = data.index(b"PK\x01\x02")
        path.write_bytes(data[:at] + data[at:].replace(before, after))
        return path

    return make


def _encrypted(folder):
    path = member("extra")(folder)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    return path


def _overlapping(folder):
    path = member("extra")(folder)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02") + 42
    data[at : at + 4] = bytes(4)  # begins where the first one begins
    path.write_bytes(data)
    return path


def _pickle(folder):
    class Evil:
        def __reduce__(self):
            return open, ("canary", "w")

    path = folder / "m.h5"
    path.write_bytes(pickle.dumps(Evil()))
    return path


def _pickled_array(folder):
    path = folder / "w.npz"
    np.savez(path, kernel=np.array([{"x": 1}], dtype=object))
    return path


def _safetensors(header, data=b""):
    def make(folder):
        text = json.dumps(header).encode()
        path = folder / "w.safetensors"
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)
        return path

    return make


def _virtual(group, name, folder):
    layout = h5py.VirtualLayout((8, 1), "float32")
    layout[:] = h5py.VirtualSource(str(folder / "secret.h5"), "secret", (8, 1))
    group.create_virtual_dataset(name, layout)


def _foreign_filter(group, name, folder):
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((6, 1))
    plist.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())  # zstd, from a plugin
    space = h5py.h5s.create_simple((6, 1))
    h5py.h5d.create(group.id, name.encode(), h5py.h5t.NATIVE_FLOAT, space, plist)


def _aliases(file, folder):
    """40 layers of 4 MB each, and one array of 4 MB that is to fill them all."""
    file.attrs["model_config"] = json.dumps(
        stack(*[layer("Dense", units=1000, use_bias=False, name=f"d{n}") for n in range(41)])
    ).encode()
    del file["model_weights"]
    saved = file.create_group("model_weights")
    saved.attrs["layer_names"] = [f"d{n}".encode() for n in range(41)]
    saved["d0/k"] = np.zeros((4, 1000), "f4")
    saved["d1/k"] = np.zeros((1000, 1000), "f4")
    for number in range(2, 41):
        saved[f"d{number}/k"] = saved["d1/k"]
    for group in saved.values():
        group.attrs["weight_names"] = [b"k"]


def _round(file, folder):
    file["model_weights/second/again"] = file["model_weights"]  # a group in itself
    file["model_weights/second/k"] = h5py.SoftLink("/none")


def names_of_one_text(folder, count=4000, length=10**5):
    """4,000 names that are all the same long text, which is in the file once."""

    def change(file, folder):
        group = file["model_weights"]
        del group.attrs["layer_names"]
        group.attrs["layer_names"] = ["x" * length] + ["y"] * (count - 1)

    path = in_h5(change=change)(folder)
    data = path.read_bytes()
    first = data.index(struct.pack("<I", length))  # each name: its length and where it lies
    one = data[first : first + 16]
    path.write_bytes(data[:first] + one * count + data[first + 16 * count :])
    return path


def shared(times):
    """A model in a model in a model ..., each called twice by the next."""
    inner = {"name": "m0", "class_name": "Activation",
             "config": {"name": "m0", "activation": "linear"}}
    for number in range(1, times):
        first = 0 if number == 1 else 1
        calls = [[[["i", 0, 0, {}]]], [[[inner["name"], first, 0, {}]]]]
        begin = {"name": "i", "class_name": "InputLayer", "inbound_nodes": [],
                 "config": {"name": "i", "batch_input_shape": [None, 4]}}
        config = {"name": f"m{number}", "input_layers": [["i", 0, 0]],
                  "layers": [begin, {**inner, "inbound_nodes": [call[0] for call in calls]}],
                  "output_layers": [[inner["name"], first + 1, 0]]}
        inner = {"name": f"m{number}", "class_name": "Model", "config": config}
    return {"class_name": "Model", "config": inner["config"]}


def circle():
    def dense(name, source):
        return {"name": name, "class_name": "Dense", "config": {"name": name, "units": 4},
                "inbound_nodes": [[[source, 0, 0, {}]]]}

    return {"class_name": "Model", "config": {
        "name": "m", "layers": [dense("a", "b"), dense("b", "a")],
        "input_layers": [["a", 0, 0]], "output_layers": [["b", 0, 0]]}}


def nested(depth):
    config = layer("Dense", units=1)
    for _ in range(depth):
        config = layer("TimeDistributed", layer=config)
    return stack(config)


def training(**more):
    return {"optimizer_config": layer("Adam", learning_rate=0.1), "loss": "mse", "metrics": [],
            "weighted_metrics": None, "sample_weight_mode": None, "loss_weights": None, **more}


_BOMB = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)])
_MERGES = "\n".join(["a0: &a0 {x: 1}"] + [
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)])
_GET_FILE = {"fname": "x", "origin": "http://127.0.0.1:9/x", "cache_dir": "."}
_UNKNOWN = "Unknown|not one of Keras"
_CODE = "Python code"

# Name -> (what makes the file, words of the refusal).
ROWS = {
    # Code of the file
    "lambda in h5": (in_h5(stack(lambda_layer())), f"'evil' holds {_CODE}.*safe_mode=False"),
    "lambda in keras": (in_keras(stack(lambda3())), f"'evil' holds {_CODE}.*safe_mode=False"),
    "lambda in json": (in_json(stack(lambda_layer())), f"'evil' holds {_CODE}"),
    "lambda in yaml": (in_yaml(stack(lambda_layer())), f"'evil' holds {_CODE}"),
    "lambda of keras 3 in h5": (in_h5(stack(lambda3())), _CODE),
    "lambda in a wrapper": (
        in_h5(stack(layer("TimeDistributed", layer=lambda_layer()))), _CODE),
    "lambda in a model": (in_keras(stack(stack(lambda3()))), _CODE),
    "lambda as an activation": (
        in_h5(stack(layer("Dense", units=2, activation=lambda_layer()))), _CODE),
    "code as an output shape": (
        in_h5(stack(layer("Lambda", function="mine", function_type="function", name="evil",
                          output_shape=[bytecode(), None, None], output_shape_type="lambda"))),
        f"{_UNKNOWN}|{_CODE}"),
    "a switch in the config": (
        in_h5({**stack(lambda_layer(safe_mode=False)), "safe_mode": False}), _CODE),
    # Modules and functions by name
    "module in keras": (
        in_keras(stack(imported("os", "system", command="touch canary"))), _UNKNOWN),
    "module in h5": (in_h5(stack(imported("os", "system", command="touch canary"))), _UNKNOWN),
    "module in json": (in_json(stack(imported("builtins", "exec", x="1"))), _UNKNOWN),
    "function by module": (
        in_keras(stack(layer("Dense", units=2, activation=function("os", "abort")))), _UNKNOWN),
    "get_file in keras": (
        in_keras(stack(imported("keras.src.utils.file_utils", "get_file", **_GET_FILE))), _UNKNOWN),
    "get_file in h5": (in_h5(stack(layer("get_file", **_GET_FILE))), _UNKNOWN),
    "get_file in a Lambda": (
        in_keras(stack({**lambda3(), "config": {
            "name": "evil", "function": function("keras.src.utils", "get_file"),
            "arguments": _GET_FILE}})), _UNKNOWN),
    "load_model": (
        in_h5(stack(layer("load_model", filepath="secret.h5"))), _UNKNOWN),
    "switch of the safe mode in keras": (
        in_keras(stack(function("keras.config", "enable_unsafe_deserialization"))), _UNKNOWN),
    "our own switch": (in_h5(stack(layer("stored_code_allowed", allowed=True))), _UNKNOWN),
    "our own limit": (in_h5(stack(layer("weight_limit", limit=2**60))), _UNKNOWN),
    "a function that finds others": (
        in_h5(stack(layer("Dense", units=2, activation="deserialize"))), _UNKNOWN),
    "a function that is called": (
        in_h5(stack(layer("Dense", units=2, activation=layer("relu", x=[1.0])))), "is a function"),
    "an operation in keras": (
        in_keras(stack(imported("keras.src.ops.numpy", "Load", file="secret.txt"))), _UNKNOWN),
    "an initializer by module": (
        in_h5(stack(layer("Dense", units=2, kernel_initializer=imported("os", "getenv")))),
        _UNKNOWN),
    "a cell by module": (in_h5(stack(layer("RNN", cell=imported("os", "system")))), _UNKNOWN),
    "a loss by module": (
        in_h5(training=training(loss=imported("os", "system", command="touch canary"))), _UNKNOWN),
    "a metric by module": (in_h5(training=training(metrics=[imported("os", "system")])), _UNKNOWN),
    "an optimizer by module": (
        in_h5(training=training(optimizer_config=imported("os", "system"))), _UNKNOWN),
    "an attribute of a class": (in_json(stack(layer("Dense.__init__"))), _UNKNOWN),
    # Files by name
    "vocabulary in keras": (
        in_keras(stack(imported("keras.layers", "StringLookup", vocabulary="secret.txt"))),
        _UNKNOWN),
    "weights by path": (
        in_json(stack(layer("Dense", units=2, weights="secret.h5"))), "set_weights"),
    "an input by path": (
        in_json({"class_name": "Sequential", "config": [
            layer("InputLayer", batch_input_shape=[None, 4], input_tensor="secret.h5")]}),
        "expects a tensor"),
    # HDF5
    "external link": (
        kernel(lambda g, n, f: g.__setitem__(n, h5py.ExternalLink("secret.h5", "/secret"))),
        "links are not followed"),
    "external link to a group": (
        in_h5(change=lambda file, folder: (
            file.__delitem__("model_weights/second"),
            file.__setitem__("model_weights/second", h5py.ExternalLink("secret.h5", "/")))),
        "links are not followed"),
    "soft link": (
        kernel(lambda g, n, f: g.__setitem__(n, h5py.SoftLink("/optimizer_weights"))),
        "links are not followed"),
    "external storage": (
        kernel(lambda g, n, f: g.create_dataset(
            n, (8, 1), "f4", external=[(str(f / "secret.txt"), 0, 32)])), "another file"),
    "virtual array": (kernel(_virtual), "another file"),
    "array of strings": (
        kernel(lambda g, n, f: g.create_dataset(n, (8, 1), h5py.string_dtype())), "plain numbers"),
    "array of references": (
        kernel(lambda g, n, f: g.create_dataset(n, (8, 1), h5py.ref_dtype)), "plain numbers"),
    "array of records": (
        kernel(lambda g, n, f: g.create_dataset(n, (8, 1), [("a", "f4")])), "plain numbers"),
    "named type": (
        kernel(lambda g, n, f: (
            g.file.__setitem__("type", np.dtype("f4")),
            g.create_dataset(n, (8, 1), g.file["type"]))), "plain numbers"),
    "filter of a plugin": (kernel(_foreign_filter), "HDF5 filter 32015"),
    "one array under many names": (in_h5(change=_aliases), "asks for the weight"),
    "group in itself": (in_h5(change=_round), "links are not followed"),
    "a name many times": (names_of_one_text, "longer than the file"),
    "shape bomb": (
        kernel(lambda g, n, f: g.create_dataset(n, (2**40, 2**10), "f4", chunks=(1, 4))),
        "does not hold just these"),
    "shape without numbers": (
        kernel(lambda g, n, f: g.create_dataset(n, (2**35,), "f4")), "bytes of it"),
    "chunk bomb": (
        kernel(lambda g, n, f: g.create_dataset(
            n, data=np.zeros((8, 1), "f4"), maxshape=(None, 1), chunks=(2**21, 1),
            compression="gzip")), "does not hold just these"),
    "packed bomb": (
        kernel(lambda g, n, f: g.create_dataset(
            n, data=np.zeros((2**25,), "f4"), compression="gzip")), "is refused"),
    # Memory asked for by configs
    "giant layer in h5": (in_h5(stack(layer("Dense", units=10**12))), "asks for the weight"),
    "giant layer in keras": (
        in_keras(stack(layer("Dense", units=10**12))), "asks for the weight"),
    "giant layer in json": (in_json(stack(layer("Dense", units=10**12))), "asks for the weight"),
    "large layer in h5": (in_h5(stack(layer("Dense", units=10**7))), "asks for the weight"),
    "giant input": (
        in_json({"class_name": "Sequential", "config": [
            layer("Flatten", batch_input_shape=[None] + [10**9] * 8), layer("Dense", units=1)]}),
        "asks for the weight"),
    "giant state": (
        in_json({"class_name": "Sequential", "config": [layer(
            "LSTM", units=3, stateful=True, batch_input_shape=[10**12, 3, 3])]}),
        "asks for a state"),
    "giant metric": (
        in_h5(training=training(metrics=[layer("AUC", num_thresholds=10**9)])), "asks for"),
    "giant matrix of a metric": (
        in_h5(training=training(metrics=[layer("MeanIoU", num_classes=10**6)])), "asks for"),
    "a dtype of giant items": (
        in_json(stack(layer("Dense", units=3, dtype="V1000000000"))), "dtype"),
    "a dtype of objects": (in_json(stack(layer("Dense", units=3, dtype="O"))), "dtype"),
    # Structures
    "circle of layers": (in_json(circle()), "does not fit together"),
    "deep nesting": (in_json(nested(300)), "levels deep"),
    "deep nesting of text": (lambda f: _text(f / "m.json", "[" * 10**6), "not JSON"),
    "models that call each other": (in_json(shared(25)), "calls more than"),
    # Archives
    "parent path in zip": (member("../canary"), "leads out of it"),
    "parent path with backslashes": (member("..\\canary"), "leads out of it"),
    "absolute path in zip": (member("/tmp/canary"), "leads out of it"),
    "drive in zip": (member("C:/canary"), "leads out of it"),
    "link in zip": (member("assets/x", 0o120777, "../../secret.txt"), "a link or a device"),
    "name twice in zip": (member("config.json"), "twice"),
    "encrypted zip": (_encrypted, "encrypted"),
    "overlapping zip": (_overlapping, "overlaps|damaged"),
    "packed bomb in zip": (
        member("assets/x", None, bytes(2**27), zipfile.ZIP_DEFLATED), "is refused"),
    "unknown packing in zip": (member("x", None, "x" * 99, zipfile.ZIP_LZMA), "packed by method"),
    "size beyond the zip": (
        patched_zip(struct.pack("<II", 1, 1), struct.pack("<II", 2**31, 2**31)), "cut off"),
    # YAML
    "yaml object": (in_yaml("!!python/object/apply:os.system ['touch canary']"), "no plain YAML"),
    "yaml name": (in_yaml("class_name: !!python/name:os.system ''"), "no plain YAML"),
    "yaml module": (in_yaml("config: !!python/module:os ''"), "no plain YAML"),
    "yaml alias bomb": (in_yaml(_BOMB), "too often"),
    "yaml merge bomb": (in_yaml(_MERGES), "too often"),
    "yaml in itself": (in_yaml("a: &a [*a]"), "contains itself"),
    "yaml number of many parts": (in_yaml("a: 1" + ":1" * 10**5), "absurdly long"),
    # Pickles
    "pickle as a model": (_pickle, "not an HDF5 file"),
    "pickled array as weights": (_pickled_array, "archive lacks|not an HDF5 file"),
    # safetensors
    "safetensors shape bomb": (
        _safetensors({"second/kernel": {
            "dtype": "F32", "shape": [2**40, 2**10], "data_offsets": [0, 4]}}, bytes(4)),
        "damaged"),
    "safetensors beyond the end": (
        _safetensors({"second/kernel": {
            "dtype": "F32", "shape": [8, 1], "data_offsets": [0, 32]}}, bytes(4)), "damaged"),
    "safetensors long header": (
        lambda folder: _bytes(folder, struct.pack("<Q", 99_999_999) + b"{"), "damaged"),
}


def _bytes(folder, data):
    path = folder / "w.safetensors"
    path.write_bytes(data)
    return path


# ---- running them


def load(path, model, **options):
    """Loads a file as its kind is loaded; `model` takes weights."""
    from hornbeam import models

    if path.suffix == ".json":
        return models.model_from_json(path.read_text(), **options)
    if path.suffix == ".yaml":
        return models.model_from_yaml(path.read_text(), **options)
    if path.name.startswith("w."):
        return model.load_weights(str(path))
    return models.load_model(str(path), **options)


_WATCHED = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "os.remove",
            "socket.connect", "socket.getaddrinfo", "shutil.rmtree", "os.symlink", "exec",
            "pickle.find_class", "ctypes.dlopen")


def main(folder):
    """Runs all rows; each once alone, and once with custom objects of the user."""
    folder = Path(folder)
    model = samples.small_model(trained=True)
    model.save(folder / "good.h5")
    (folder / "secret.txt").write_text("secret")
    with h5py.File(folder / "secret.h5", "w") as file:
        file["secret"] = np.ones((8, 1), "float32")
    import hornbeam.saving  # noqa: F401

    load(folder / "good.h5", model)
    seen, watching = [], [False]

    def hook(event, arguments):
        if not watching[0]:
            return
        text = " ".join(repr(argument)[:200] for argument in arguments)
        about = any(word in text for word in ("canary", "secret", 'file "attack"', "<string>"))
        if event == "exec" and not about:
            return  # a module of ours, imported where it is needed
        if event in _WATCHED or (event in ("open", "marshal.loads", "import") and about):
            seen.append(f"{event} {text}"[:300])

    sys.addaudithook(hook)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
    mine = {"mine": lambda x: x}
    for name, (make, _) in ROWS.items():
        path = make(folder)
        before = _resident()
        for options in ({}, {"custom_objects": mine}):
            seen.clear()
            begin = time.perf_counter()
            weights = model.get_weights()
            try:
                watching[0] = True
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    load(path, model, **options)
                raised, words = None, ""
            except Exception as error:
                raised, words = isinstance(error, (OSError, ValueError)), f"{error}"
            finally:
                watching[0] = False
            print(json.dumps({
                "row": name, "custom_objects": bool(options), "raised": raised, "words": words,
                "seen": seen, "seconds": time.perf_counter() - begin,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before,
                "changed": any((a != b).any() for a, b in zip(weights, model.get_weights())),
                "canary": Path("canary").exists() or (folder.parent / "canary").exists(),
            }), flush=True)
        path.unlink()


def _resident():
    """Returns the highest memory so far; what follows is measured against it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(sys.argv[1])
