"""licences.py PIP_LICENSES_JSON PAGE_SBOM_JSON: docs/licences.md out of what pip-licenses and npm say."""

import json
import sys
from pathlib import Path

HEAD = """\
# Licences of what is shipped

The kiosk itself is under Apache-2.0. Beside it a device gets the Python packages of
[`deploy/requirements.txt`](../deploy/requirements.txt), and browsers get what the page was built out of. Written by
`make sbom` out of what each package says of itself; do not edit.

Two packages bring others' libraries along: OpenCV's wheel has FFmpeg (LGPL-2.1-or-later) and image codecs in it (its
`LICENSE-3RD-PARTY.txt` lists them), numpy's has OpenBLAS and libgfortran. All are loaded as shared libraries and can be
replaced.
"""


def table(title: str, rows: list[tuple[str, str, str]]) -> str:
    """One table of packages, by name."""
    lines = [
        f"| {name} | {version} | {licence} |" for name, version, licence in sorted(rows, key=lambda row: row[0].lower())
    ]
    return "\n".join([f"\n## {title}\n", "| package | version | licence |", "| --- | --- | --- |", *lines])


def main(python: Path, page: Path) -> None:
    """Print the page."""
    packages = [(one["Name"], one["Version"], one["License"]) for one in json.loads(python.read_text())]
    parts = []
    for one in json.loads(page.read_text())["components"]:
        given = [entry.get("expression") or entry["license"].get("id", "UNKNOWN") for entry in one.get("licenses", [])]
        parts.append((one["name"], one["version"], " AND ".join(given) or "UNKNOWN"))
    print(HEAD + table("On the device", packages) + "\n" + table("In the page", parts))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
