"""The walk through the first start: camera, till, tablets, config, certificate, check."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk.camera.choose import AUTO
from kiosk.check.check import check, render
from kiosk.config import Config
from kiosk.config.file import read_config
from kiosk.config.values import default_state_dir
from kiosk.errors import SetupError
from kiosk.parts.access import certificate_source
from kiosk.setup.asking import Asker
from kiosk.setup.cameras import chosen_camera, found_cameras, look_through
from kiosk.setup.config_text import TEMPLATE, Key, with_values
from kiosk.setup.daemon import Service
from kiosk.setup.secrets import SecretPlace, secret_place
from kiosk.setup.tills import GivenTill, ask_till
from kiosk.setup.writing import write_config

ALL_ADDRESSES = "0.0.0.0"  # noqa: S104  # what the owner asks for, with pairing and https


@dataclass(frozen=True, slots=True)
class Given:
    """What was given as options; None is asked."""

    config: Path
    camera: str | None = None
    till: GivenTill = field(default_factory=GivenTill)
    tablets: bool | None = None
    pictures: Path = Path()
    """The directory for the cameras' pictures."""
    overwrite: bool = False
    """Whether a config that a person changed may be changed without asking."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk. `store` is where systemd takes credentials from, `service` what runs with this config, if any."""

    asker: Asker
    given: Given
    say: Callable[[str], None]
    store: Path | None
    service: Service | None

    def run(self) -> bool:
        """Ask, write, check; whether the check found everything good.

        Raises:
            KioskError: an answer is missing, or something cannot be read or written. The config is then as before.
        """
        text = self._text_before()
        config = read_config(self.given.config if self.given.config.exists() else TEMPLATE)
        stopped = self._stop_service()
        try:
            return self._set_up(text, config)
        finally:
            if stopped and self.service is not None:
                self.service.start()
                self.say("The kiosk runs again.")

    def _set_up(self, text: str, config: Config) -> bool:
        values: dict[Key, Any] = {("camera", "source"): self._camera(config)}
        self.say("\nThe till")
        values |= ask_till(self.asker, self.given.till, config, self._secret_place, self.say)
        if (host := self._host(config)) != config.web.host:
            values["web", "host"] = host
        path = self.given.config
        if self.store is None and not path.exists():
            values["state_dir",] = str(default_state_dir())
        after = with_values(text, values)
        if path.exists() and after == path.read_text():
            self.say(f"\n{path} says all that already")
        else:
            kept = write_config(path, after)
            self.say(f"\n{path} is written, every key explained in it{f'; the one before is {kept}' if kept else ''}")
        written = read_config(path)
        self._certificate(written)
        self.say(f"\nkiosk check --config {path}")
        findings = asyncio.run(check(path, self.given.pictures / "kiosk-camera.jpg"))
        self.say(render(findings))
        return all(finding.good for finding in findings)

    def _text_before(self) -> str:
        """What is changed: the owner's config where there is one, else the one with every key explained."""
        path = self.given.config
        template = TEMPLATE.read_text()
        if not path.exists():
            return template
        read_config(path)  # a broken one is not touched: its problems are told
        text = path.read_text()
        if text == template or self.given.overwrite:
            return text
        if not self.asker.yes(f"{path} was changed by a person. Change it (a copy is kept)?", default=False):
            raise SetupError(f"{path} stays as it is; --overwrite changes it, and keeps a copy")
        return text

    def _stop_service(self) -> bool:
        if self.service is None or not self.service.is_running():
            return False
        if not self.asker.yes("The kiosk is running and holds the camera. Stop it meanwhile?", default=True):
            raise SetupError("stop the kiosk first: systemctl stop kiosk")
        self.service.stop()
        return True

    def _camera(self, config: Config) -> str:
        found = found_cameras()
        self.say("The camera" if found else "The camera: none found on this machine")
        for number, source in enumerate(found, 1):
            picture = self.given.pictures / f"kiosk-camera-{number}.jpg"
            self.say(f"  {number}. {source}\n     {look_through(config, source, picture)}")
        if self.given.camera is not None:
            return chosen_camera(found, self.given.camera)
        before = config.camera.source
        default = found[0] if found and before == AUTO else before
        question = "Which one? A number, auto, or an address (http://..., rtsp://...)"
        return self.asker.text(question, default, lambda answer: chosen_camera(found, answer))

    def _secret_place(self, name: str) -> SecretPlace:
        return secret_place(name, self.given.config, self.store)

    def _host(self, config: Config) -> str:
        self.say("\nThe page")
        wanted = self.given.tablets
        if wanted is None:
            wanted = self.asker.yes(
                "Shall tablets on the network reach it (paired, by https)?", default=config.web.is_open
            )
        if wanted == config.web.is_open:
            return config.web.host
        return ALL_ADDRESSES if wanted else "127.0.0.1"

    def _certificate(self, config: Config) -> None:
        if not config.web.is_open:
            self.say("The page is for this machine only, which needs no certificate.")
            return
        described = certificate_source(config).refresh(datetime.now(UTC))
        self.say(
            f"The page's certificate is good until {described.not_after:%Y-%m-%d}, for {', '.join(described.names)}."
        )
        self.say("To let a tablet in, once the kiosk runs: kiosk certificate trust, then kiosk tablets pair")
