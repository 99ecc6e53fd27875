"""The kiosk's settings. `tree.py` is the whole of them, `file.py` reads them and tells what is wrong."""

from kiosk.config.tree import Config, RecognitionConfig, VotingConfig, WebConfig

__all__ = ["Config", "RecognitionConfig", "VotingConfig", "WebConfig"]
