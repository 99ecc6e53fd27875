"""The whole product, by running it."""

import pytest

# Else what the helpers assert fails without saying what there was instead.
pytest.register_assert_rewrite("tests.end_to_end.browser", "tests.end_to_end.every_browser")
pytest.register_assert_rewrite("tests.end_to_end.firefox", "tests.end_to_end.webkit")
