"""From the accounts your Clerk users connected to typed pandas DataFrames."""

__version__ = "0.1.0"
