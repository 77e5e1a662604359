"""Builds the native kernels where a C++ compiler is there; all else stands in pyproject.toml."""

import importlib.util

from setuptools import Extension, setup


def native_kernels():
    """The extension with XLA's headers, which come with jaxlib; an install without it goes on."""
    jaxlib = importlib.util.find_spec("jaxlib")
    if jaxlib is None:
        return []
    return [
        Extension(
            "hornbeam.kernels._native",
            ["hornbeam/kernels/native/convolution.cc"],
            depends=["hornbeam/kernels/native/convolution_loops.inc"],
            include_dirs=[f"{jaxlib.submodule_search_locations[0]}/include"],
            extra_compile_args=["-std=c++17", "-O3", "-w"],
            optional=True,
        )
    ]


setup(ext_modules=native_kernels())
