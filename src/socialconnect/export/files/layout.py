"""Where an export's files stand: those that readers see, and the hidden folder with all that they do not.

exports/github.repos/date=2026-11-22/part-<run>-0.parquet     a dataset, by the day on which its rows were read
exports/github.repos.csv                                      or one file for each resource
exports/.socialconnect/                                       progress, staged rows, the lock
repos.csv                                                     or one file, of one resource
.repos.csv.socialconnect/                                     and what belongs to it
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING

from socialconnect.export.files.entries import HIDDEN

if TYPE_CHECKING:
    from socialconnect.export.files.kinds import Format
    from socialconnect.export.sink import Dataset


@dataclass(frozen=True, slots=True)
class Layout:
    """The names of files in a target; `single` is that of the only one, where there is one.

    What readers do not see yet has the `sign` of who writes it, so that two who both think they have hold of a target
    never write the same file.
    """

    kind: Format
    single: str = ""
    sign: str = field(default_factory=lambda: token_hex(4))

    @property
    def home(self) -> str:
        """The hidden folder."""
        return f".{self.single}{HIDDEN}" if self.single else HIDDEN

    @property
    def parted(self) -> bool:
        """Whether each resource has a folder of files by day."""
        return self.kind == "parquet" and not self.single

    def place(self, resource: str) -> str:
        """The folder or the file of a resource."""
        return self.single or (resource if self.parted else f"{resource}.{self.kind}")

    def path(self, dataset: Dataset, day: str, run: str, number: int) -> str:
        """A new file of a resource; what a partitioned dataset is called by is told by the folders' names."""
        if not self.parted:
            return self.place(dataset.resource)
        name = re.sub(r"[^\w.-]", "_", run)
        return f"{dataset.resource}/{partition(dataset)}={day}/part-{name}-{number}.parquet"

    def part(self, number: int, resource: str) -> str:
        """A part of staged rows: of an ending that no reader of a whole folder takes for data."""
        return f"{self.home}/parts/{number:012d}-{self.sign}-{resource}.rows"

    def hidden(self, number: int) -> str:
        """A file that is not published yet."""
        return f"{self.home}/new/{self.sign}-{number}.rows"


def partition(dataset: Dataset) -> str:
    """The column that folders are named for: `date`, or `read_date` where the resource has one of that name."""
    return "read_date" if any(column.name == "date" for column in dataset.columns) else "date"
