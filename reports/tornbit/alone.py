"""To import what reads settings: it finds none of the user's, and none of this folder."""
import contextlib
import os
import tempfile


@contextlib.contextmanager
def alone(*empty):
    """Within it the process is in a private folder, which its environment names as everybody's
    place for settings, caches and programs; files with these names lie there, empty. Afterwards
    all is as before."""
    environment = dict(os.environ)
    here = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)   # it may have no name any more
    try:
        with tempfile.TemporaryDirectory(prefix="tornbit-report-") as folder:
            try:
                os.chdir(folder)
                os.environ.clear()
                os.environ.update(HOME=folder, PATH=folder, MPLCONFIGDIR=folder)
                for name in empty:
                    with open(name, "x", encoding="ascii"):
                        pass
                yield
            finally:
                os.environ.clear()
                os.environ.update(environment)
                os.fchdir(here)
    finally:
        os.close(here)
