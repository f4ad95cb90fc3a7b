"""Exports to files on any filesystem: what is staged, how it is published, who may write."""

from socialconnect.export.files.sink import FileSink

__all__ = ["FileSink"]
