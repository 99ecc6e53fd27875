"""What is shipped is listed with a licence that may be shipped; a new package, or a new version, needs `make sbom`."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GOOD = {
    *("0BSD", "3-Clause BSD License", "Apache Software License", "Apache-2.0", "BSD License", "BSD-2-Clause"),
    *("BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-2.1-or-later", "MIT", "MIT License", "MIT-0", "MPL-2.0", "PSF-2.0"),
    *("Python Software Foundation License", "Zlib"),
}
"""As packages write them. LGPL and MPL ask for the source of changes; the kiosk changes nothing in them."""
ROW = re.compile(r"^\| (\S+) \| (\S+) \| (.+) \|$")


def _plain(name: str) -> str:
    """PEP 503: how names of Python packages are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _listed(title: str) -> list[tuple[str, str, str]]:
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    section = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = [found.group(1, 2, 3) for line in section.splitlines() if (found := ROW.match(line))]
    return [(name, version, licence) for name, version, licence in rows if name not in ("package", "---")]


def _device() -> set[tuple[str, str]]:
    pinned = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "deploy" / "requirements.txt").read_text(), re.MULTILINE)
    return {(_plain(name), version) for name, version in pinned}


def _page() -> set[tuple[str, str]]:
    lock = json.loads((ROOT / "kiosk" / "page" / "package-lock.json").read_text(encoding="utf-8"))
    shipped = {path: one for path, one in lock["packages"].items() if path and not one.get("dev")}
    return {(path.rpartition("node_modules/")[2], one["version"]) for path, one in shipped.items()}


def test_every_package_of_the_device_is_listed_and_no_other() -> None:
    assert {(_plain(name), version) for name, version, _ in _listed("On the device")} == _device(), "run `make sbom`"
    assert len(_device()) > 20


def test_every_package_of_the_page_is_listed_and_no_other() -> None:
    assert {(name, version) for name, version, _ in _listed("In the page")} == _page(), "run `make sbom`"
    assert len(_page()) > 10


@pytest.mark.parametrize("title", ["On the device", "In the page"])
def test_no_licence_is_unknown_or_one_that_may_not_be_shipped(title: str) -> None:
    odd = {
        (name, one)
        for name, _, licence in _listed(title)
        for one in re.split(r" (?:AND|OR) |; ", licence)
        if one not in GOOD
    }
    assert odd == set()
