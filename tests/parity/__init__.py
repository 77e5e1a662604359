"""hornbeam against the originals: the same work in each, compared number by number.

A *case* is a function written once against the Keras 2.3.1 API. It takes the module to test (real
Keras 2.3.1, tf_keras or hornbeam) and a seeded `RandomState`, and returns a dict from names to
arrays or to plain JSON values. See README.md in this folder.
"""
