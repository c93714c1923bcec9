"""Without Playwright there is nothing to collect here: `scripts/test` says that the browser tests were not run."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]
if find_spec("playwright"):
    from tests.browser.phone_room import room  # noqa: F401 - a platform and its people, new for each file of tests
