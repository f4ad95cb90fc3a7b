"""`python -m socialconnect` is the command `socialconnect`."""

from socialconnect.cli import main

main()
