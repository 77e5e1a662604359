"""`IPython.display` for notebooks that run without IPython: what it shows is text."""

__all__ = ["Audio", "HTML", "Image", "Javascript", "Latex", "Markdown", "Math", "SVG",
           "YouTubeVideo", "clear_output", "display"]


def display(*values, **options):
    """Prints values as text."""
    for value in values:
        print(repr(value))


def clear_output(wait=False):
    """Does nothing: text that was printed stays."""


class DisplayObject:
    """Something that a browser would show: its data, or the address or file that holds them."""

    def __init__(self, data=None, url=None, filename=None, **options):
        self.data, self.url, self.filename = data, url, filename

    def __repr__(self):
        return f"<IPython.core.display.{type(self).__name__} object>"


class Audio(DisplayObject):
    """A sound."""


class HTML(DisplayObject):
    """A piece of a page."""


class Image(DisplayObject):
    """A picture."""


class Javascript(DisplayObject):
    """A script for the browser."""


class Latex(DisplayObject):
    """A text in LaTeX."""


class Markdown(DisplayObject):
    """A text in Markdown."""


class Math(DisplayObject):
    """A formula."""


class SVG(DisplayObject):
    """A drawing."""


class YouTubeVideo(DisplayObject):
    """A film."""
