"""Stored code of every Python: that of this one runs, that of another is refused in words.

`golden/bytecode.py` wrote the code, in Python 3.7 to 3.13.
"""

import base64
import dis
import json
import marshal
import random
import sys
from pathlib import Path

import pytest

from hornbeam import bytecode
from hornbeam.layers import Lambda

GOLDEN = [
    json.loads(line)
    for line in (Path(__file__).parent / "golden" / "bytecode.json").read_text().splitlines()
]
OTHERS = [entry for entry in GOLDEN if tuple(entry["python"]) != sys.version_info[:2]]


@pytest.mark.parametrize("name", GOLDEN[0]["code"])
@pytest.mark.parametrize("entry", OTHERS, ids=lambda entry: "{}.{}".format(*entry["python"]))
def test_code_of_another_python_is_refused(entry, name):
    same_form = {(3, 11), (3, 12)} == {tuple(entry["python"]), sys.version_info[:2]}
    if same_form and name == "closure":  # the same bytes in both
        assert bytecode.func_load(entry["code"][name], closure=(3,))(2) == 6
        return
    with pytest.raises(ValueError, match="another version of Python than"):
        bytecode.func_load(entry["code"][name], closure=(3,) if name == "closure" else None)


def test_code_of_this_python_runs_though_it_does_not_say_so():
    def looping(x):
        for i in range(3):
            x += [j for j in (i,) if j][0] if i else 1
        return x

    text = base64.b64encode(marshal.dumps(looping.__code__)).decode()
    assert bytecode.func_load(text)(2) == 6
    scale = 3
    text = base64.b64encode(marshal.dumps((lambda x: abs(x) * scale).__code__)).decode()
    assert bytecode.func_load(text, closure=(3,))(-2) == 6
    with pytest.raises(ValueError, match="closure"):
        bytecode.func_load(text)


def test_our_own_code_says_which_python_wrote_it(monkeypatch):
    stored = bytecode.func_dump(lambda x: x + 1)
    assert marshal.loads(base64.b64decode(stored[0])).co_name == "<lambda>"  # as Keras reads it
    assert bytecode.func_load(stored)(1) == 2
    monkeypatch.setattr(bytecode, "_VERSION", b"\x00\x00\r\n")
    with pytest.raises(ValueError, match="its version is another"):
        bytecode.func_load(stored)


def test_damaged_code_is_refused_or_whole():
    rng = random.Random(0)
    raw = marshal.dumps((lambda x, y=2: [abs(i) + y for i in x]).__code__)
    for _ in range(300):
        damaged = bytearray(raw)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        text = base64.b64encode(bytes(damaged)).decode()
        try:
            assert callable(bytecode.func_load(text))
        except ValueError as error:
            assert "Cannot read stored bytecode" in str(error)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="instructions have no caches before 3.11")
def test_an_instruction_without_its_caches_never_reaches_the_interpreter(monkeypatch):
    raw = marshal.dumps((lambda x: abs(x)).__code__)
    code = (lambda x: abs(x)).__code__.co_code
    place = raw.index(code) + len(code) - 2  # its last instruction, which has no cache
    damaged = raw[:place] + bytes([dis.opmap["LOAD_GLOBAL"]]) + raw[place + 1 :]
    monkeypatch.setattr(bytecode.marshal, "loads", lambda raw: pytest.fail("it was read"))
    with pytest.raises(ValueError, match="its parts are arranged otherwise"):
        bytecode.func_load(base64.b64encode(damaged).decode())


@pytest.mark.parametrize("stored", [{"class_name": "function", "config": "get_file"}, 3, [], None])
def test_what_is_no_code_is_refused(stored):
    refused = pytest.raises(ValueError, match="should hold a function|Cannot read")
    with bytecode.stored_code_allowed(), refused:
        Lambda.from_config({"name": "l", "function": stored, "function_type": "lambda"})
