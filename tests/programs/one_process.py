"""Runs programs one after another in one process, each as `__main__` with nothing of the others.

What stands after `--` is given to each. For every program one line of JSON: its name, and the line
that it printed last, or its traceback.
"""
import contextlib
import io
import json
import os
import runpy
import sys
import traceback
import warnings

from hornbeam import backend as K  # to name it keras would be a choice between Keras and tf.keras

paths = sys.argv[1:]
arguments = []
if '--' in paths:
    paths, arguments = paths[:paths.index('--')], paths[paths.index('--') + 1:]
for path in paths:
    K.clear_session()
    K.set_image_data_format('channels_last')
    sys.argv = [path, *arguments]
    sys.path[0] = os.path.dirname(path)
    printed, found = io.StringIO(), {'name': path}
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            runpy.run_path(path, run_name='__main__')
        found['printed'] = printed.getvalue().strip().splitlines()[-1]
    except BaseException:
        found['error'] = traceback.format_exc()
    print(json.dumps(found))
