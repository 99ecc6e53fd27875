"""How the config and the bundle's recommendation come together."""

import pytest

from kiosk.bundle.manifest import VotingDefaults
from kiosk.config import VotingConfig
from kiosk.parts.voting import voting_settings
from kiosk.recognition.voting import VotingSettings

DUEL = VotingDefaults(threshold=0.97, votes=7, release=4, rule="duel", stricter={"cola": 0.99})


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (VotingConfig(), VotingSettings(0.97, 7, 4, "duel", {"cola": 0.99})),
        (VotingConfig(release=5), VotingSettings(0.97, 7, 5, "duel", {"cola": 0.99})),
        (VotingConfig(rule="duel", threshold=0.98), VotingSettings(0.98, 7, 4, "duel", {"cola": 0.99})),
        (VotingConfig(stricter={}), VotingSettings(0.97, 7, 4, "duel", {})),
    ],
)
def test_what_the_config_leaves_out_is_the_bundle_s(config: VotingConfig, expected: VotingSettings) -> None:
    assert voting_settings(config, DUEL) == expected


def test_a_threshold_without_a_rule_means_what_it_always_has() -> None:
    assert voting_settings(VotingConfig(threshold=0.9), DUEL) == VotingSettings(0.9, 3, 3)
    assert voting_settings(VotingConfig(votes=2), VotingDefaults(threshold=0.7, votes=4, release=5)) == VotingSettings(
        0.7, 2, 5
    )


def test_a_bundle_that_recommends_nothing_gives_the_default_vote() -> None:
    assert voting_settings(VotingConfig(), VotingDefaults()) == VotingSettings(0.80, 3, 3)
