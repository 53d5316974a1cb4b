"""The version of the installed distribution."""

VERSION = "0.2.0"
