"""`python -m localsqs`: the same as the command `localsqs`."""

import sys

from localsqs.cli import main

if __name__ == "__main__":
    sys.exit(main())
