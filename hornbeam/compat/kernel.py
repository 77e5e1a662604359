"""A kernel for Jupyter in which `keras` means hornbeam: ipykernel, started with our names.

`python -m hornbeam.compat.kernel -f CONNECTION_FILE` is what Jupyter runs; `install` tells Jupyter
of it.
"""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile

from hornbeam.compat import old_packages
from hornbeam.compat.errors import KernelError
from hornbeam.compat.names import activate

__all__ = ["install", "load_ipython_extension", "main", "remove", "spec"]

MODULE = "hornbeam.compat.kernel"


def spec(name="hornbeam"):
    """The content of kernel.json: what Jupyter starts, and what it shows."""
    title = "Keras (hornbeam)" if name == "hornbeam" else f"Keras ({name})"
    return {
        "argv": [sys.executable, "-m", MODULE, "-f", "{connection_file}"],
        "display_name": title,
        "language": "python",
        "metadata": {"debugger": True},
    }


def install(name="hornbeam", prefix=None):
    """Writes the kernel's folder, where Jupyter finds it, in the place of an older one of ours.

    Args:
        name: Of the kernel: letters, digits, `-`, `_` and `.`.
        prefix: Folder of an environment, such as `sys.prefix`; None takes the user's own folder,
            which every Jupyter of this user reads.

    Returns:
        Path of the folder written.

    Raises:
        KernelError: if ipykernel is missing, or another kernel has the name.
    """
    if importlib.util.find_spec("ipykernel") is None:
        raise KernelError(
            "a kernel needs ipykernel, which is not installed in this environment. Install it "
            f"beside hornbeam: {sys.executable} -m pip install ipykernel"
        )
    folder = _folder(name, prefix)
    if os.path.lexists(folder) and not _is_ours(folder):
        raise KernelError(f"{folder} is another kernel's. Choose a name with --name.")
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    new = tempfile.mkdtemp(prefix=".hornbeam-", dir=os.path.dirname(folder))
    os.chmod(new, 0o755)
    with open(os.path.join(new, "kernel.json"), "w", encoding="utf-8") as file:
        json.dump(spec(name), file, indent=1)
        file.write("\n")
    for size in (32, 64):
        logo(size).save(os.path.join(new, f"logo-{size}x{size}.png"))
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(new, folder)
    return folder


def remove(name="hornbeam", prefix=None):
    """Deletes a kernel that `install` wrote; arguments and result are the same.

    Raises:
        KernelError: if there is none, or if it is not one of ours.
    """
    folder = _folder(name, prefix)
    if not os.path.isdir(folder):
        raise KernelError(f"there is no kernel at {folder}.")
    if not _is_ours(folder):
        raise KernelError(f"{folder} is another kernel's; it was left alone.")
    shutil.rmtree(folder)
    return folder


def _folder(name, prefix):
    if not name or not all(letter.isalnum() or letter in "-_." for letter in name) \
            or not name.isascii() or not name.strip("."):
        raise KernelError(f"a kernel cannot be called {name!r}. Expected letters, digits, -, _ "
                          "and dots.")
    data = _user_data() if prefix is None else os.path.join(prefix, "share", "jupyter")
    return os.path.join(os.path.abspath(data), "kernels", name.lower())


def _user_data():
    """Jupyter's own folder of this user."""
    try:
        from jupyter_core.paths import jupyter_data_dir
    except ImportError:
        raise KernelError(
            "Jupyter's packages are not installed in this environment, so that its folder is not "
            "known. Name the environment that has the kernel: --prefix FOLDER."
        ) from None
    return jupyter_data_dir()


def _is_ours(folder):
    try:
        with open(os.path.join(folder, "kernel.json"), encoding="utf-8") as file:
            return MODULE in json.load(file)["argv"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def logo(size):
    """Our sign: two beams that branch off a trunk, light on hornbeam's green."""
    from PIL import Image, ImageDraw

    scale = 8  # drawn large, then made small: smooth edges
    image = Image.new("RGBA", (size * scale, size * scale))
    draw = ImageDraw.Draw(image)
    unit = size * scale / 32

    def line(points, width):
        draw.line([(x * unit, y * unit) for x, y in points], "#f4efe1", int(width * unit),
                  joint="curve")
        for x, y in points:
            radius = width / 2
            draw.ellipse([(x - radius) * unit, (y - radius) * unit,
                          (x + radius) * unit, (y + radius) * unit], "#f4efe1")

    draw.rounded_rectangle([0, 0, size * scale - 1, size * scale - 1], 6 * unit, "#2f5d3a")
    line([(10, 6), (10, 26)], 4)
    line([(10, 17), (17, 14), (21, 17), (22, 26)], 4)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def main():
    """Starts the kernel; its options are ipykernel's."""
    if sys.path and os.path.abspath(sys.path[0] or os.curdir) == os.getcwd():
        del sys.path[0]  # ipykernel puts it back for the notebook; till then its files hide nothing
    activate()
    old_packages.answer()
    from ipykernel import kernelapp

    kernelapp.launch_new_instance([*sys.argv[1:], "--ext", MODULE])


def load_ipython_extension(shell):
    """Puts the hints of `hornbeam run` below the tracebacks of cells; IPython calls it."""
    from hornbeam.compat.hints import hints

    def show(shell, kind, error, traceback, tb_offset=None):
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
        with contextlib.suppress(Exception):  # an error of ours must not hide the cell's
            for line in hints(error):
                line = re.sub(r"\S*ipykernel_\S+\.py:", "line ", line)
                print(re.sub(r"\S*ipykernel_\S+\.py", "the cell", line), file=sys.stderr)

    shell.set_custom_exc((Exception,), show)


if __name__ == "__main__":
    main()
