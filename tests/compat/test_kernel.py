"""The Jupyter kernel's folder. (That a notebook runs in it needs Jupyter itself.)"""

import importlib.util
import json
import subprocess
import sys

import pytest
from PIL import Image

from hornbeam import cli
from hornbeam.compat import kernel


@pytest.fixture
def with_ipykernel(monkeypatch):
    """As if ipykernel were installed."""
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec",
                        lambda name: object() if name == "ipykernel" else found(name))


def test_installed_kernel_is_a_folder_that_jupyter_reads(with_ipykernel, tmp_path, capsys):
    assert cli.main(["kernel", "install", "--prefix", str(tmp_path)]) == 0
    folder = tmp_path / "share" / "jupyter" / "kernels" / "hornbeam"
    assert capsys.readouterr().out == f"Installed {folder}\n"
    content = json.loads((folder / "kernel.json").read_text())
    assert content["argv"] == [sys.executable, "-m", "hornbeam.compat.kernel", "-f",
                               "{connection_file}"]
    assert content["display_name"] == "Keras (hornbeam)" and content["language"] == "python"
    for size in (32, 64):
        with Image.open(folder / f"logo-{size}x{size}.png") as logo:
            assert logo.size == (size, size)
            assert len(logo.convert("RGB").getcolors(10_000)) > 2  # drawn, not one colour
    assert sorted(path.name for path in folder.parent.iterdir()) == ["hornbeam"]


def test_kernels_are_replaced_and_removed_only_if_they_are_ours(with_ipykernel, tmp_path, capsys):
    options = ["--prefix", str(tmp_path), "--name=book"]
    assert cli.main(["kernel", "install", *options]) == 0
    assert cli.main(["kernel", "install", *options]) == 0
    assert cli.main(["kernel", "remove", *options]) == 0
    folder = tmp_path / "share" / "jupyter" / "kernels" / "book"
    assert not folder.exists()
    assert cli.main(["kernel", "remove", *options]) == 1
    assert "there is no kernel at" in capsys.readouterr().err
    folder.mkdir()
    (folder / "kernel.json").write_text('{"argv": ["R"]}')
    for action in ("install", "remove"):
        assert cli.main(["kernel", action, *options]) == 1
        assert "is another kernel's" in capsys.readouterr().err
    assert (folder / "kernel.json").exists()


def test_a_missing_ipykernel_is_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert cli.main(["kernel", "install", "--prefix", str(tmp_path)]) == 1
    assert f"{sys.executable} -m pip install ipykernel" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("arguments", "message"), [
    ([], "kernel needs install or remove"),
    (["start"], "kernel knows install and remove; got 'start'"),
    (["install", "--where", "x"], "kernel knows no option '--where'"),
    (["install", "--name"], "--name needs a value"),
    (["install", "--user", "--prefix", "x"], "--user or --prefix, not both"),
])
def test_a_wrong_command_line_is_explained(arguments, message, capsys):
    assert cli.main(["kernel", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "ä"])
def test_names_that_are_no_folder_are_refused(name, tmp_path):
    with pytest.raises(ValueError, match="cannot be called"):
        kernel._folder(name, str(tmp_path))


def test_the_kernels_process_has_the_names_when_ipykernel_starts(tmp_path):
    (tmp_path / "ipykernel").mkdir()
    (tmp_path / "ipykernel" / "__init__.py").write_text("")
    (tmp_path / "ipykernel" / "kernelapp.py").write_text(
        "import sys\n"
        "def launch_new_instance(argv):\n"
        "    import keras, numpy\n"
        "    print(keras.layers.Dense.__module__, numpy.int, argv, sys.path[0] == '')\n")
    code = (f"import sys; sys.path.append({str(tmp_path)!r}); sys.argv = ['kernel', '-f', 'x'];"
            "from hornbeam.compat import kernel; kernel.main()")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                            timeout=120)
    assert result.stdout == ("hornbeam.layers.core <class 'int'> ['-f', 'x', '--ext', "
                             "'hornbeam.compat.kernel'] False\n"), result.stderr


def test_errors_of_cells_are_explained(capsys):
    class Shell:
        def set_custom_exc(self, kinds, handler):
            self.kinds, self.handler = kinds, handler

        def showtraceback(self, error, tb_offset=None):
            print("traceback", tb_offset, file=sys.stderr)

    shell = Shell()
    kernel.load_ipython_extension(shell)
    try:
        exec(compile("1\nxrange(3)", "/folder/ipykernel_12/345.py", "exec"), {})
    except shell.kinds as error:
        shell.handler(shell, type(error), error, error.__traceback__, tb_offset=1)
    assert capsys.readouterr().err == (
        "traceback 1\nhornbeam: line 2: xrange is Python 2's -> range\n")
