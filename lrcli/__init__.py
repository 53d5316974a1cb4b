"""lrsched: see, check and verify learning-rate schedules, from the command line and from Python.

    import lrcli
    lrcli.rates("cosine --t-max 50", lr=0.1)        # NumPy float64, shape (ticks,) or (ticks, groups)
    lrcli.check("cosine --t-max 50", epochs=90)     # what is wrong with it

Nothing is imported until it is used.
"""

# Not typing's: importing that takes longer than all the rest.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from lrcli.api import InputError, Plan, check, fit, parse, rates, replay, verify

__all__ = ["InputError", "Plan", "check", "fit", "parse", "rates", "replay", "verify"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from lrcli import api

        # Once: a module of lrcli that has the same name must not stand in its place.
        globals().update({public: getattr(api, public) for public in __all__})
        return globals()[name]
    raise AttributeError(f"module 'lrcli' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
