"""Rows of a Parquet file as CSV, so that they follow the same rules; needs pyarrow, the extra ``parquet``."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dosing_tui.database.legacy_import.file_formats.file_rows import FileRows, check_columns
from dosing_tui.errors import ConfigError, DatabaseAccessError

if TYPE_CHECKING:
    import pyarrow

MAGIC = b"PAR1"
_BATCH_ROWS = 16_384
_BUFFER_BYTES = 1024 * 1024
"""Of each column: with it, a row group is read piece by piece, not whole."""


def is_parquet(stream: BinaryIO) -> bool:
    """By its first bytes, whatever its name; the stream is left at its start."""
    found = stream.read(len(MAGIC)) == MAGIC
    stream.seek(0)
    return found


@contextmanager
def read_parquet(stream: BinaryIO, path: Path) -> Iterator[FileRows]:
    """One batch of rows is in memory at a time.

    Raises: ConfigError, if pyarrow is not installed; DatabaseAccessError, if the file cannot be read.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError(
            "A Parquet file needs pyarrow, which is not installed: pip install 'dosing-tui[parquet]'."
        ) from error
    try:
        file = pyarrow.parquet.ParquetFile(stream, buffer_size=_BUFFER_BYTES, pre_buffer=False)
        columns = check_columns(list(file.schema_arrow.names), path)
        _check_types(file.schema_arrow, path)
        yield FileRows(columns, _list_blocks(file))
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise DatabaseAccessError(f"{path.name} cannot be read as Parquet: {reason}.") from error


def _check_types(schema: "pyarrow.Schema", path: Path) -> None:
    from pyarrow import types

    for field in schema:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        if field.name == "time":
            fits = types.is_timestamp(kind) or types.is_date(kind) or _is_text(kind)
        else:
            is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
            fits = is_number or _is_text(kind) or types.is_boolean(kind) or types.is_null(kind)
        if not fits:
            wanted = "a time or a text" if field.name == "time" else "a number or a text"
            raise DatabaseAccessError(
                f"The column {field.name} of {path.name} is {field.type}: {wanted} can be imported."
            )


def _is_text(kind: "pyarrow.DataType") -> bool:
    from pyarrow import types

    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
    )


def _list_blocks(file: "pyarrow.parquet.ParquetFile") -> Iterator[bytes]:
    import pyarrow.csv

    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
        texts = [_write_text(column) for column in batch.columns]
        block = BytesIO()
        pyarrow.csv.write_csv(
            pyarrow.RecordBatch.from_arrays(texts, names=batch.schema.names), block, options
        )
        yield block.getvalue()


def _write_text(column: Any) -> Any:  # Any: an array of pyarrow, which has no type hints
    """Each value as the text of a CSV file; nanoseconds and decimals with all their digits.

    A time without a zone stays without an offset; any other one is in UTC.
    """
    import pyarrow
    import pyarrow.compute

    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_timestamp(column.type) and column.type.tz is not None:
        stamp = column.cast(pyarrow.int64()).cast(pyarrow.timestamp(column.type.unit))
        return pyarrow.compute.binary_join_element_wise(stamp.cast(pyarrow.string()), "Z", "")
    return column.cast(pyarrow.string())
