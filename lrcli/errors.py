"""The one exception that reaches a person: something they gave us was wrong."""


class InputError(ValueError):
    """Bad input. The message says what was wrong, where, and what was expected; the command line exits with 2."""
