"""The public face: what it shows is what `__all__` says."""

from importlib.metadata import version
from types import ModuleType

import crossmargin
from tests import source


def test_all_is_sorted():
    assert sorted(set(crossmargin.__all__)) == list(crossmargin.__all__)


def test_all_is_what_is_public():
    shown = {
        name
        for name in crossmargin.__all__
        if not isinstance(getattr(crossmargin, name), ModuleType)
    }
    public = {
        name
        for name, value in vars(crossmargin).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }

    assert public | {"__version__"} == shown


def test_what_is_public_is_documented_and_ours():
    for name in crossmargin.__all__:
        thing = getattr(crossmargin, name)
        if callable(thing):
            assert thing.__doc__, name
            assert thing.__module__.startswith("crossmargin."), name


def test_types_are_shipped():
    assert (source.SRC / "py.typed").exists()


def test_the_installed_version_is_the_source_version():
    assert version("crossmargin") == crossmargin.__version__
