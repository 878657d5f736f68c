"""`python -m funcgrad.examples`: the list of programs, and each of them by name."""

import sys

from funcgrad.examples.running import main

if __name__ == "__main__":
    sys.exit(main())
