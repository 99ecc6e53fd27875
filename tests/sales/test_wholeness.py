"""`kiosk sales verify`: damage is found beside a running kiosk's open files, and told by name."""

import subprocess
from pathlib import Path

import pytest
import yaml

from kiosk.sales.files import outbox_path, set_aside
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import SaleSource
from tests.end_to_end.running_kiosk import KIOSK
from tests.sales.samples import a_sale

PAGE_BYTES = 4096


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "kiosk.yaml"
    path.write_text(yaml.safe_dump({"state_dir": str(tmp_path / "state")}))
    return path


def verified(config: Path) -> tuple[int, str]:
    command = [str(KIOSK), "sales", "verify", "--config", str(config)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout


def kept(config: Path) -> Path:
    """An outbox with enough sales for several pages, all in the file itself."""
    path = outbox_path(config.parent / "state")
    outbox = Outbox(path)
    for _ in range(50):
        outbox.take(a_sale(source=SaleSource.PAGE))
    outbox.close()
    return path


def test_nothing_kept_yet_is_no_damage(config: Path) -> None:
    assert verified(config) == (0, "nothing is kept yet\n")


def test_whole_files_are_named_also_while_they_are_written(config: Path) -> None:
    path = kept(config)
    outbox = Outbox(path)
    outbox.take(a_sale(source=SaleSource.PAGE))
    assert verified(config) == (0, f"ok    {path}\n")
    outbox.close()


def test_a_damaged_page_is_found_and_left_as_it_is(config: Path) -> None:
    path = kept(config)
    content = bytearray(path.read_bytes())
    content[2 * PAGE_BYTES : 3 * PAGE_BYTES] = b"\xaa" * PAGE_BYTES
    path.write_bytes(content)
    code, said = verified(config)
    assert code == 1
    assert said.startswith(f"FAIL  {path}: ")
    assert path.read_bytes() == content


def test_what_was_set_aside_fails_until_it_is_moved(config: Path) -> None:
    aside = set_aside(kept(config))
    code, said = verified(config)
    assert (code, aside.name in said) == (1, True)
    aside.rename(config.parent / "looked-at.sqlite")
    assert verified(config)[0] == 0
