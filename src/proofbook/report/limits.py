"""How much of anything one page shows. What is cut is said in its place; nothing hostile can make the page endless."""

from typing import Final

__all__ = [
    "BLOCKS",
    "CELLS",
    "DEPTH",
    "HTML_CHARACTERS",
    "JSON_CHARACTERS",
    "JSON_DEPTH",
    "MARKDOWN_CHARACTERS",
    "NOTEBOOK_BYTES",
    "OUTPUTS",
    "PAGE_BLOCKS",
    "PAGE_MARKS",
    "PAGE_PICTURE_BYTES",
    "PAGE_RICH_CHARACTERS",
    "PAGE_TABLE_CHARACTERS",
    "PATCH_CHARACTERS",
    "PICTURE_BYTES",
    "PICTURE_PIXELS",
    "SOURCE_CHARACTERS",
    "SVG_BYTES",
    "SVG_ELEMENTS",
    "TABLE_ALL_ROWS",
    "TABLE_BYTES",
    "TABLE_CHARACTERS",
    "TABLE_COLUMNS",
    "TABLE_LEAST_ROWS",
    "TABLE_ROWS",
    "TASKS_DRAWN",
    "TEXT_CHARACTERS",
    "TEXT_LINES",
    "VALUE_CHARACTERS",
]

NOTEBOOK_BYTES: Final = 64 << 20
"""An executed notebook beyond this is not parsed."""
CELLS: Final = 1_000
"""Cells shown of one notebook."""
OUTPUTS: Final = 100
"""Outputs shown of one cell."""

SOURCE_CHARACTERS: Final = 60_000
"""Of one code cell."""
MARKDOWN_CHARACTERS: Final = 40_000
"""Of one markdown cell or output."""
TEXT_LINES: Final = 120
TEXT_CHARACTERS: Final = 20_000
"""Of one stream, plain text or traceback: the beginning and the end are shown."""
HTML_CHARACTERS: Final = 400_000
"""An HTML output beyond this is not shown."""
JSON_CHARACTERS: Final = 8_000
JSON_DEPTH: Final = 12
PATCH_CHARACTERS: Final = 40_000
VALUE_CHARACTERS: Final = 240
"""Of one value in a table, of a parameter, of a name."""

PICTURE_BYTES: Final = 8 << 20
PICTURE_PIXELS: Final = 40_000_000
"""Read from the header, before anything is decompressed."""
SVG_BYTES: Final = 2 << 20
SVG_ELEMENTS: Final = 100_000
"""Elements of an SVG after every `use` in it is expanded."""
PAGE_PICTURE_BYTES: Final = 48 << 20
"""All pictures of one page together."""

TABLE_BYTES: Final = 256 << 20
"""A recorded table whose columns say that they are larger than this is not opened."""
TABLE_COLUMNS: Final = 16
TABLE_ROWS: Final = 50
"""Rows that stand open; those after them are folded."""
TABLE_ALL_ROWS: Final = 500
TABLE_LEAST_ROWS: Final = 12
"""Rows that are shown however large they are, and whatever else the page holds."""
TABLE_CHARACTERS: Final = 200_000
"""All rows of one table together, with their markup."""
PAGE_TABLE_CHARACTERS: Final = 8_000_000
PAGE_MARKS: Final = 60_000
"""Bars, points and lines of all drawings of one page that are made of plotted data."""

DEPTH: Final = 48
"""Tags within tags, of HTML that a notebook brought; deeper ones lose their tags."""
BLOCKS: Final = 4_000
"""Divisions, lists and the like in one piece of HTML: the time to parse them grows with the square of their depth."""
PAGE_BLOCKS: Final = 30_000
PAGE_RICH_CHARACTERS: Final = 4_000_000
"""HTML and markdown of all notebooks of one page."""
TASKS_DRAWN: Final = 120
"""A larger pipeline is listed, not drawn."""
