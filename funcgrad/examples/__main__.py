"""`python -m funcgrad.examples`: the list of programs."""

import sys

from funcgrad.examples import PROGRAMS

if __name__ == "__main__":
    sys.stdout.writelines([f"python -m funcgrad.examples.{name:8} {shown}\n" for name, shown in PROGRAMS.items()])
