"""The tests of the endpoint have what speaks HTTP by hand and starts servers."""

import sys
from pathlib import Path

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "python"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
