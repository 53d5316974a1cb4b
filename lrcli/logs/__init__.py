"""Training logs as they are: metrics and rates as a stream of values. It knows rows and values only.

    log = open_log("trainer_state.json")
    log.rates                             # the columns that hold rates, the likeliest first
    rate = log.choose_rate(None, "--column")
    [series] = log.series(rate)           # or several columns: series(rate, metric), in one reading
    series.values, series.steps, series.epochs   # NumPy float64; steps and epochs may be None
    series.lines[7]                       # the line (or record) of the file that row 7 stands in
    series.shown                          # how the log writes the values: digits, fixed decimals
    log.facts                             # kind, who wrote it, length of the run where the log says so
    log.remarks                           # what was found on the way that a person should be told

A log is read once: `series`, `blocks` and `per_epoch` each read all of it. `facts` and `remarks` are complete when that
is done. `series` takes 8 bytes a row and number; `blocks` and `per_epoch` hold nothing.
"""

from lrcli.logs.epochs import EpochBlock, per_epoch
from lrcli.logs.log import Log, LogBlock
from lrcli.logs.opening import open_log
from lrcli.logs.series import Lines, Series, Shown
from lrcli.logs.source import LogBytes
from lrcli.logs.table import Facts

__all__ = ["EpochBlock", "Facts", "Lines", "Log", "LogBlock", "LogBytes", "Series", "Shown", "open_log", "per_epoch"]
