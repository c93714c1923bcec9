"""Static files from memory: read once, compressed once, named by their content, kept by browsers for ever."""

from __future__ import annotations

import gzip
import posixpath
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# Not from `mimetypes`: that reads the machine's own tables, and a stick with another one served other types.
TYPES = {
    "": "text/plain; charset=utf-8",  # licences
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_PACKED = frozenset({".ico", ".jpg", ".png", ".webp", ".woff2"})

_CSS_REFERENCE = re.compile(r"""(url\(\s*["']?|@import\s+["'])(?![a-z]+:|[/#])([^"')\s?#]+)""")
_JS_REFERENCE = re.compile(r"""((?:\bfrom|\bimport)\s*\(?\s*["'])(\.{1,2}/[^"']+)""")
_REFERENCES = {".css": _CSS_REFERENCE, ".js": _JS_REFERENCE}

_FOREVER = b"public, max-age=31536000, immutable"
_ASK = b"no-cache"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent: plain, and packed where that is smaller."""

    url: str
    body: bytes
    headers: Headers
    packed: bytes | None
    packed_headers: Headers
    etag: bytes


# Whole lines of remarks in our own files: a phone need not fetch what we say to each other. A sixth of its scripts.
_REMARKS = {
    ".css": re.compile(rb"^[ \t]*/\*.*?\*/[ \t]*\n", re.M | re.S),
    ".js": re.compile(rb"^[ \t]*(?://[^\n]*|/\*.*?\*/[ \t]*)\n", re.M | re.S),
}


class Assets:
    """Every file under *folder* at *prefix*, as an ASGI application.

    `app.css` is served at `/static/app.4f3a91c2.css` for a year, and at its plain name with `no-cache`.
    Raises ValueError in words for a reference to a missing file, a circle of references, or an unknown type.
    """

    def __init__(self, folder: Path, prefix: str = "/static") -> None:
        self._prefix = prefix.rstrip("/")
        self._by_name: dict[str, Asset] = {}
        self._by_path: dict[str, Asset] = {}
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        sources = {path.relative_to(folder).as_posix(): path for path in files}
        for name in sources:
            self._load(name, sources, ())

    def url(self, name: str) -> str:
        """Where templates point to. Raises KeyError for a file that is not there."""
        return self._by_name[name].url

    @property
    def paths(self) -> list[str]:
        """Every address that is answered."""
        return list(self._by_path)

    def body(self, name: str) -> bytes:
        """The file as it is served, its references rewritten. Raises KeyError for a missing file."""
        return self._by_name[name].body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asset = self._by_path.get(scope["path"])
        if asset is None:
            await _answer(send, 404, _plain("There is no such file here."), b"There is no such file here.")
            return
        if scope["method"] not in ("GET", "HEAD"):
            headers = [*_plain("This file can only be read."), (b"allow", b"GET, HEAD")]
            await _answer(send, 405, headers, b"This file can only be read.")
            return
        body, headers, known = asset.body, asset.headers, False
        for name, value in scope["headers"]:
            if name == b"accept-encoding" and asset.packed is not None and _takes_gzip(value):
                body, headers = asset.packed, asset.packed_headers
            elif name == b"if-none-match":
                known = asset.etag in value
        if known:
            await _answer(send, 304, [each for each in headers if each[0] != b"content-length"], b"")
        else:
            await _answer(send, 200, headers, b"" if scope["method"] == "HEAD" else body)

    def _load(self, name: str, sources: dict[str, Path], above: tuple[str, ...]) -> Asset:
        """Read *name* after everything it refers to: its content, and so its name, holds their names."""
        if name in self._by_name:
            return self._by_name[name]
        if name in above:
            raise ValueError("static files refer to each other in a circle: " + " > ".join((*above, name)))
        suffix = posixpath.splitext(name)[1]
        if posixpath.basename(name).startswith("LICENSE"):
            suffix = ""
        if suffix not in TYPES:
            raise ValueError(f"static/{name}: no content type is known for {suffix or 'no suffix'}")
        body = sources[name].read_bytes()
        if suffix in _REFERENCES:
            folder = posixpath.dirname(name)

            def rewritten(found: re.Match[str]) -> str:
                target = posixpath.normpath(posixpath.join(folder, found[2]))
                if target not in sources:
                    raise ValueError(f"static/{name} refers to {found[2]}, which is not there")
                return found[1] + self._load(target, sources, (*above, name)).url

            body = _REFERENCES[suffix].sub(rewritten, body.decode()).encode()
            if not name.startswith("vendor/"):
                body = _REMARKS[suffix].sub(b"", body)
        return self._keep(name, suffix, body)

    def _keep(self, name: str, suffix: str, body: bytes) -> Asset:
        mark = blake2b(body, digest_size=4).hexdigest()
        hashed = f"{name.removesuffix(suffix)}.{mark}{suffix}"
        packed = None if suffix in _PACKED else gzip.compress(body, 9, mtime=0)
        if packed is not None and len(packed) >= len(body):
            packed = None
        asset = self._asset(hashed, suffix, body, packed, mark, _FOREVER)
        self._by_name[name] = self._by_path[asset.url] = asset
        plain = self._asset(name, suffix, body, packed, mark, _ASK)
        self._by_path[plain.url] = plain
        return asset

    def _asset(self, name: str, suffix: str, body: bytes, packed: bytes | None, mark: str, keep: bytes) -> Asset:
        # Weak: the packed and the plain body share it.
        etag = f'W/"{mark}"'.encode()
        shared: Headers = [
            (b"content-type", TYPES[suffix].encode()),
            (b"cache-control", keep),
            (b"etag", etag),
        ]
        if packed is not None:
            shared.append((b"vary", b"accept-encoding"))
        headers = [*shared, (b"content-length", str(len(body)).encode())]
        packed_headers = [
            *shared,
            (b"content-encoding", b"gzip"),
            (b"content-length", str(len(packed or b"")).encode()),
        ]
        return Asset(f"{self._prefix}/{name}", body, headers, packed, packed_headers, etag)


def _takes_gzip(accepted: bytes) -> bool:
    """Does an Accept-Encoding name gzip, and not only to say no to it?"""
    for choice in accepted.lower().split(b","):
        coding, _, weight = choice.partition(b";")
        if coding.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"").strip() not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def _plain(words: str) -> Headers:
    return [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(words.encode())).encode()),
    ]


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
