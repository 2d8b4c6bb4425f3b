"""`python -m azlabs` is the command `azlabs`."""

import sys

from azlabs.cli import main

sys.exit(main())
