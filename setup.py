"""Builds the native kernels where a C++ compiler is there; all else stands in pyproject.toml."""

import glob
import importlib.util

from setuptools import Extension, setup

_NATIVE = "hornbeam/kernels/native"


def native_kernels():
    """The extension with XLA's headers, which come with jaxlib; an install without it goes on."""
    jaxlib = importlib.util.find_spec("jaxlib")
    if jaxlib is None:
        return []
    return [
        Extension(
            "hornbeam.kernels._native",
            [f"{_NATIVE}/convolution.cc", f"{_NATIVE}/recurrent.cc"],
            depends=[*glob.glob(f"{_NATIVE}/*.inc"), f"{_NATIVE}/common.h"],
            include_dirs=[f"{jaxlib.submodule_search_locations[0]}/include"],
            extra_compile_args=["-std=c++17", "-O3", "-w"],
            optional=True,
        )
    ]


setup(ext_modules=native_kernels())
