"""The vote: what the config says of it, and the bundle."""

from dataclasses import asdict

from kiosk.bundle.manifest import VotingDefaults
from kiosk.config import VotingConfig
from kiosk.recognition.voting import RULE_DEFAULTS, VotingSettings


def voting_settings(config: VotingConfig, defaults: VotingDefaults) -> VotingSettings:
    """What the config says, and for the rest what the bundle recommends.

    A threshold means something only by its rule: a config that gives `threshold` or `votes` and names no rule means
    `each`, and where its rule is not the bundle's, the rest is that rule's own default, not the bundle's.
    """
    given = config.model_dump(exclude_none=True)
    rule = given.get("rule", "each" if given.keys() & {"threshold", "votes"} else defaults.rule)
    base = defaults.model_dump() if rule == defaults.rule else asdict(RULE_DEFAULTS[rule])
    return VotingSettings(**{**base, **given, "rule": rule})
