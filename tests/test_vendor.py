"""What others wrote and browsers load is byte for byte what its authors published."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

VENDOR = Path(__file__).parent.parent / "static" / "vendor"


def packages() -> list[dict[str, Any]]:
    return json.loads((VENDOR / "MANIFEST.json").read_text())["packages"]


def listed_files() -> dict[str, str]:
    return {path: digest for package in packages() for path, digest in package["files"].items()}


@pytest.mark.parametrize("path", sorted(listed_files()))
def test_a_vendored_file_has_the_listed_digest(path: str) -> None:
    digest = hashlib.sha384((VENDOR / path).read_bytes()).digest()

    assert listed_files()[path] == "sha384-" + base64.b64encode(digest).decode()


def test_every_vendored_file_is_listed() -> None:
    present = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}

    assert present == set(listed_files()) | {"MANIFEST.json"}


def test_every_package_says_its_version_licence_and_where_its_bytes_came_from() -> None:
    for package in packages():
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["license"] in {"0BSD", "OFL-1.1"}
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package["integrity"])
        assert any("LICENSE" in path for path in package["files"])
