"""Files that hold a log in a form that only its own library reads: refused, with the line that converts them."""

from typing import NamedTuple

from lrcli.errors import InputError


class Foreign(NamedTuple):
    """A format: the bytes it begins with, what it is called, and how it becomes CSV ("" where it does not)."""

    magic: bytes
    kind: str
    conversion: str = ""


def _pandas(reader: str, save: str = "to_csv('log.csv', index=False)") -> str:
    return f"""python -c "import pandas; pandas.{reader}('{{name}}').{save}\""""


_WANDB = (
    "upload it (wandb sync FOLDER), then: "
    """python -c "import wandb; wandb.Api().run('ENTITY/PROJECT/RUN').history(samples=10**6).to_csv('log.csv')\""""
)

FOREIGN = (
    Foreign(b"PAR1", "Parquet", _pandas("read_parquet")),
    Foreign(b"ARROW1", "Feather (Arrow)", _pandas("read_feather")),
    Foreign(b"FEA1", "Feather", _pandas("read_feather")),
    Foreign(b":W&B", "a file of Weights & Biases", _WANDB),
    Foreign(b"\x89HDF", "HDF5", _pandas("read_hdf")),
    Foreign(b"PK\x03\x04", "a zip archive, such as a saved model or a spreadsheet", "unzip {name}"),
    *(Foreign(b"\x80" + bytes([protocol]), "a pickle", _pandas("read_pickle")) for protocol in range(2, 6)),
    Foreign(b":SWL", "a file of SwanLab", "export its charts as CSV, in SwanLab"),
    Foreign(b"version https://", "a pointer of Git LFS in the place of the file", "git lfs pull"),
    Foreign(b"BZh", "bzip2", "bunzip2 -k {name}"),
    Foreign(b"\xfd7zXZ", "xz", "unxz -k {name}"),
    Foreign(b"(\xb5/\xfd", "zstd", "unzstd {name}"),
    Foreign(b"\x89PNG", "a picture"),
)


def refuse_foreign(name: str, head: bytes) -> None:
    """Raise InputError if these are the first bytes of a format that is not read here."""
    for magic, kind, conversion in FOREIGN:
        if head.startswith(magic):
            how = f"; to make a log of it: {conversion.format(name=name)}" if conversion else ""
            raise InputError(f"{name} looks like {kind}; expected a log as text{how}")
