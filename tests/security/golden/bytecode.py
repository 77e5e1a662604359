"""Prints the code of some functions, as a `Lambda` stores it, by the Python that runs this.

    for v in 3.7 3.8 3.9 3.10 3.11 3.12 3.13; do python$v bytecode.py; done > bytecode.json
"""

import base64
import json
import marshal
import sys

constant = 3


def closing_over(a):
    return lambda x: x * a


def looping(x):
    try:
        for i in range(3):
            x += i
        return x
    except ValueError:
        return None


functions = {
    "calling": lambda x: abs(x) + constant,
    "attribute": lambda x: x.real,
    "comprehension": lambda x, y=2: [i + y for i in x],
    "closure": closing_over(3),
    "looping": looping,
}
print(json.dumps({
    "python": list(sys.version_info[:2]),
    "code": {
        name: base64.b64encode(marshal.dumps(f.__code__)).decode()
        for name, f in sorted(functions.items())
    },
}))
