"""Golden results: how a case is run, stored, read back and compared.

A family's results from one oracle are two small files. `FAMILY.npz` holds one flat array for each
dtype; `FAMILY.json` lists the entries in order: an array as its dtype and shape, anything else as
it is. (An `.npz` with an entry for each result would be mostly headers.)
"""

import fnmatch
import json
import os
import zlib

import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
RTOL = 1e-5
FLOOR = 1e-7  # float32's own spacing near one
SPREAD = 1e-6  # of the array's largest magnitude: what cancellation leaves in its small elements


def run_case(keras, family, name, case):
    """Runs one case in a fresh session and returns its results, made plain."""
    keras.backend.clear_session()
    seed = zlib.crc32("{}/{}".format(family, name).encode()) & 0x7FFFFFFF
    results = case.run(keras, np.random.RandomState(seed))
    return {entry: plain(value) for entry, value in results.items()}


def plain(value):
    """An array stays an array, a float becomes one; everything else becomes JSON values."""
    if isinstance(value, (np.ndarray, np.generic)) and not isinstance(value, (np.bool_, np.str_)):
        return np.asarray(value)
    if isinstance(value, float):
        return np.asarray(value)
    if hasattr(value, "__array__") and not isinstance(value, np.generic):
        return np.asarray(value)
    return json.loads(json.dumps(value, default=_json_value))


def _json_value(value):
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError("a case may return arrays and JSON values, not {!r}".format(type(value)))


# --- comparison ---------------------------------------------------------------------------------


def differences(case, golden, found, oracle=None, rtol=RTOL, spread=SPREAD):
    """Returns a list of sentences, one for each entry in which `found` is not `golden`."""
    sentences = []
    for entry in list(golden) + [entry for entry in found if entry not in golden]:
        judge = _first(case.judges, entry)
        if judge is not None and oracle is not None and judge.oracle != oracle:
            continue
        if entry not in found:
            sentences.append("{}: missing".format(entry))
        elif entry not in golden:
            sentences.append("{}: not in the golden".format(entry))
        else:
            tolerance = _first(case.tolerances, entry)
            limits = (
                (rtol, spread, FLOOR)
                if tolerance is None
                else (tolerance.rtol, SPREAD, tolerance.floor)
            )
            sentence = _difference(golden[entry], found[entry], *limits)
            if sentence:
                sentences.append("{}: {}".format(entry, sentence))
    return sentences


def compared(case, results):
    """The entries in which hornbeam means to be like the originals."""
    return {entry: results[entry] for entry in results if _first(case.departures, entry) is None}


def judged_by_both(case, results):
    """The entries in which the oracles must agree."""
    return {entry: results[entry] for entry in results if _first(case.judges, entry) is None}


def judged_by(oracle, case, results):
    """The entries in which this oracle counts."""
    judges = {entry: _first(case.judges, entry) for entry in results}
    return {
        entry: results[entry]
        for entry, judge in judges.items()
        if judge is None or judge.oracle == oracle
    }


def _first(rows, entry):
    return next((row for row in rows if fnmatch.fnmatchcase(entry, row.entries)), None)


def _difference(golden, found, rtol, spread, floor):
    if isinstance(golden, np.ndarray) and isinstance(found, np.ndarray):
        return _array_difference(golden, found, rtol, spread, floor)
    if isinstance(golden, np.ndarray) or isinstance(found, np.ndarray):
        return "golden {!r}, found {!r}".format(golden, found)
    return _json_difference(golden, found, "")


def _array_difference(golden, found, rtol, spread, floor):
    if golden.shape != found.shape:
        return "shape {}, golden {}".format(found.shape, golden.shape)
    if _kind(golden) != _kind(found):
        return "dtype {}, golden {}".format(found.dtype, golden.dtype)
    golden, found = golden.astype("float64"), found.astype("float64")
    magnitudes = np.abs(golden[np.isfinite(golden)])
    largest = magnitudes.max() if magnitudes.size else 0.0
    with np.errstate(invalid="ignore"):
        error = np.abs(found - golden)
        wrong = ~(error <= rtol * np.abs(golden) + spread * largest + floor)
    wrong &= ~((found == golden) | (np.isnan(found) & np.isnan(golden)))
    if not wrong.any():
        return ""
    worst = np.unravel_index(np.argmax(np.where(wrong, np.nan_to_num(error), -1.0)), error.shape)
    return "{} of {} differ; at {} found {:.9g}, golden {:.9g} (relative error {:.1e})".format(
        int(wrong.sum()),
        wrong.size,
        tuple(int(i) for i in worst),
        found[worst],
        golden[worst],
        error[worst] / max(abs(golden[worst]), 1e-30),
    )


def _kind(array):
    return {"u": "i"}.get(array.dtype.kind, array.dtype.kind)


def _json_difference(golden, found, path):
    if isinstance(golden, dict) and isinstance(found, dict):
        for key in list(golden) + [key for key in found if key not in golden]:
            if key not in found or key not in golden:
                return "{}/{} is {}".format(path, key, "missing" if key in golden else "too much")
            sentence = _json_difference(golden[key], found[key], "{}/{}".format(path, key))
            if sentence:
                return sentence
        return ""
    if isinstance(golden, list) and isinstance(found, list) and len(golden) == len(found):
        for index, pair in enumerate(zip(golden, found)):
            sentence = _json_difference(pair[0], pair[1], "{}/{}".format(path, index))
            if sentence:
                return sentence
        return ""
    if isinstance(golden, float) and isinstance(found, (int, float)):
        same = abs(golden - found) <= 1e-6 * abs(golden) or golden == found  # float32 settings
    else:
        same = golden == found and isinstance(golden, bool) == isinstance(found, bool)
    return "" if same else "{} found {!r}, golden {!r}".format(path, found, golden)


# --- files --------------------------------------------------------------------------------------


def store(oracle, family, results, made_by, folder=FOLDER):
    """Writes the results of a family: a dict from case names to dicts of entries."""
    columns, index = {}, {}
    for name in sorted(results):
        index[name] = {}
        for entry, value in results[name].items():
            if isinstance(value, np.ndarray):
                columns.setdefault(value.dtype.name, []).append(value.ravel())
                words = [value.dtype.name] + [str(size) for size in value.shape]
                index[name][entry] = " ".join(words)
            else:
                index[name][entry] = {"is": value}
    folder = os.path.join(folder, oracle)
    if not os.path.isdir(folder):
        os.makedirs(folder)
    lines = [
        "{}: {}".format(json.dumps(name), json.dumps(index[name], separators=(",", ":")))
        for name in sorted(index)
    ]
    with open(os.path.join(folder, family + ".json"), "w") as file:
        file.write('{"made_by": %s,\n"cases": {\n' % json.dumps(made_by, sort_keys=True))
        file.write(",\n".join(lines) + "\n}}\n")
    flat = {dtype: np.concatenate(parts) for dtype, parts in sorted(columns.items())}
    np.savez_compressed(os.path.join(folder, family + ".npz"), **flat)


def read(oracle, family, folder=FOLDER):
    """Returns what `store` was given, or {} where nothing is stored."""
    base = os.path.join(folder, oracle, family)
    if not os.path.exists(base + ".json"):
        return {}
    with open(base + ".json") as file:
        index = json.load(file)["cases"]
    with np.load(base + ".npz", allow_pickle=False) as file:
        columns = {dtype: file[dtype] for dtype in file.files}
    results, used = {}, dict.fromkeys(columns, 0)
    for name in sorted(index):
        entries = results[name] = {}
        for entry, row in index[name].items():
            if isinstance(row, dict):
                entries[entry] = row["is"]
                continue
            words = row.split()
            dtype, shape = words[0], [int(word) for word in words[1:]]
            size = int(np.prod(shape, dtype="int64"))
            entries[entry] = columns[dtype][used[dtype] : used[dtype] + size].reshape(shape)
            used[dtype] += size
    return results
