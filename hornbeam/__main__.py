"""`python -m hornbeam`: the `hornbeam` command."""

import sys

from hornbeam.cli import main

if __name__ == "__main__":
    sys.exit(main())
