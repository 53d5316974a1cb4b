"""Did a finished run do what was meant? The rates of a log against a schedule, and what explains the difference."""

from lrcli.verify.verdict import Difference, Explanation, Verdict, compared, verify

__all__ = ["Difference", "Explanation", "Verdict", "compared", "verify"]
