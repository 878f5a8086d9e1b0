"""Let the tests import the driver that lies beside them, as the script does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
