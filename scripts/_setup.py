"""Makes .venv, installs one set of locked packages into it and starts the calling script again inside it.

Needs Python and pip, nothing else: no uv, no make, no working `ensurepip` (Debian has none), no permission to
touch the system's packages. Must parse on Python 3.6, so that an old Python is told so instead of failing.
"""

import errno
import hashlib
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOG = os.path.join(VENV, "hallside-pip.log")
# Stands while pip works. Found standing, it means that a package may be half there.
UNFINISHED = os.path.join(VENV, "hallside-unfinished")

OLDEST_PYTHON = (3, 11)
OLDEST_PIP = (22, 3)  # the first with `pip --python`

# Sets that hold everything of the one named: with one of them installed there is nothing to do.
WIDER = {"run": ("test", "check", "ci"), "test": ("ci",), "check": ("ci",), "ci": ()}

# Settings of the person's own pip that would send the packages elsewhere or install none.
UNWANTED = ("USER", "TARGET", "PREFIX", "ROOT", "PYTHON", "DRY_RUN", "NO_BINARY", "REQUIREMENT", "EDITABLE")

NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError"
    r"|Max retries|Temporary failure in name|timed out|Network is unreachable"
    r"|Connection (?:refused|reset|broken)"
)


def enter(name: str) -> None:
    """Returns only inside .venv with `requirements/<name>.txt` installed; exits with words if it cannot."""
    if sys.version_info < OLDEST_PYTHON:
        _stop(
            "Hallside needs Python 3.11 or newer, and this is Python %d.%d. Try: python3.11 %s"
            % (sys.version_info[0], sys.version_info[1], sys.argv[0])
        )
    if os.name != "posix":
        _stop("Hallside runs on Linux and macOS. On Windows, use WSL.")
    try:
        inside = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
        if not _is_installed(name, inside):
            _install(name, inside)
            inside = False
    except KeyboardInterrupt:
        _stop("Stopped.")
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            _stop("Cannot write to %s: Hallside keeps its packages in .venv there." % ROOT)
        _stop("Could not prepare .venv: %s." % error)
    if not inside:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(PYTHON, [PYTHON, os.path.abspath(sys.argv[0]), *sys.argv[1:]])
    sys.path[0] = ROOT


def _is_installed(name: str, inside: bool) -> bool:
    if not os.path.exists(PYTHON) or os.path.exists(UNFINISHED) or (inside and not _fits(_running())):
        return False
    return any(_read(_stamp(candidate)) == _hash(candidate) for candidate in (name, *WIDER[name]))


def _install(name: str, inside: bool) -> None:
    # Inside .venv there is no pip: the Python it was made with has one.
    outer = getattr(sys, "_base_executable", sys.executable) if inside else sys.executable
    _check_pip(outer)
    with _lock():
        if _is_installed(name, inside):
            return
        if not os.path.exists(PYTHON) or os.path.exists(UNFINISHED) or not _fits(_ask_version()):
            _make_venv(outer)
        _write(UNFINISHED, "")
        _run_pip(outer, name)
        _write(_stamp(name), _hash(name))
        if os.path.exists(UNFINISHED):
            os.remove(UNFINISHED)


def _fits(version: str) -> bool:
    """False when the system's Python has moved on under .venv: what is in it cannot be imported."""
    return os.path.isdir(os.path.join(VENV, "lib", "python" + version))


def _ask_version() -> str:
    return subprocess.check_output(
        [PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2], end='')"], universal_newlines=True
    )


def _check_pip(outer: str) -> None:
    asked = subprocess.run(
        [outer, "-m", "pip", "--version"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    found = re.match(r"pip (\d+)\.(\d+)", asked.stdout)
    if asked.returncode or not found:
        _stop("%s has no pip. On Debian and Ubuntu: sudo apt install python3-pip" % outer)
    if (int(found.group(1)), int(found.group(2))) < OLDEST_PIP:
        _stop(
            "pip is %s.%s and 22.3 or newer is needed. Try: %s -m pip install --upgrade pip"
            % (found.group(1), found.group(2), outer)
        )


class _lock:
    """One process at a time installs; the others wait, then find the work done."""

    def __enter__(self) -> None:
        import fcntl  # not on Windows, which was turned away above

        self.file = open(os.path.join(ROOT, ".venv.lock"), "w")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another process is installing into .venv, waiting for it.")
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _make_venv(outer: str) -> None:
    made = subprocess.run(
        [outer, "-m", "venv", "--without-pip", "--clear", VENV],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    if made.returncode:
        if "Permission denied" in made.stdout or "Read-only" in made.stdout:
            raise OSError(errno.EACCES, "Permission denied", VENV)
        if "No module named venv" in made.stdout:
            _stop("%s has no venv module. On Debian and Ubuntu: sudo apt install python3-venv" % outer)
        _stop("Could not make .venv: %s" % (made.stdout.strip().splitlines() or ["no reason given"])[-1])


def _run_pip(outer: str, name: str) -> None:
    wanted = _count_missing(name)
    if wanted:
        _say("Installing %d packages into .venv. With a slow network it takes a minute or two." % wanted)
    environment = dict(os.environ)
    for key in UNWANTED:
        environment.pop("PIP_" + key, None)
    environment.update(
        PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PIP_NO_COLOR="1", LC_ALL="C.UTF-8"
    )
    # Without a network the default of five takes minutes to say so.
    environment.setdefault("PIP_RETRIES", "2")
    command = [outer, "-m", "pip", "--python", PYTHON, "install", "--require-hashes"]
    command += ["--only-binary", ":all:", "--progress-bar", "off", "-r", _lock_file(name)]
    with open(LOG, "w") as log:
        pip = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            _watch(pip)
        finally:
            pip.wait()
            # Pip fetches everything before it changes anything. What failed or was stopped before that has
            # done no harm, and a set that was good still is: offline it could not be had again.
            if "Installing collected packages" not in _read(LOG):
                os.remove(UNFINISHED)
    if pip.returncode:
        _stop(_explain(_read(LOG)))


def _watch(pip: "subprocess.Popen[bytes]") -> None:
    started = told = time.monotonic()
    while True:
        try:
            pip.wait(timeout=0.5)
            return
        except subprocess.TimeoutExpired:
            now = time.monotonic()
        if now - told >= 10:
            told = now
            fetched = len(re.findall(r"^Collecting ", _read(LOG), re.MULTILINE))
            _say("  %d s, %d packages looked up ..." % (now - started, fetched))


def _explain(output: str) -> str:
    see = " (pip's own words: %s)" % os.path.relpath(LOG)
    if "DO NOT MATCH THE HASHES" in output:
        return "A package is not the one named in requirements/. It was not installed." + see
    if "No space left on device" in output:
        return "The disk is full."
    if "Permission denied" in output or "Read-only file system" in output:
        return ".venv cannot be written to." + see
    if NO_NETWORK.search(output):
        return "The packages could not be fetched. Is there a network, or a proxy to be named?" + see
    missing = re.search(r"No matching distribution found for (\S+)", output)
    if missing:
        return "There is no ready-made %s for this machine and Python." % missing.group(1) + see
    errors = re.findall(r"^ERROR: (.+)", output, re.MULTILINE)
    return "The packages could not be installed: %s" % (errors or ["no reason given"])[-1] + see


def _count_missing(name: str) -> int:
    """How many packages pip will install: an estimate for the person waiting, nothing depends on it."""
    present = {entry.lower() for _, dirs, _ in os.walk(os.path.join(VENV, "lib")) for entry in dirs}
    pins = re.findall(r"^([\w.-]+)==(\S+)(.*)", _read(_lock_file(name)), re.MULTILINE)
    return sum(
        "%s-%s.dist-info" % (re.sub(r"[-.]+", "_", package), version) not in present
        for package, version, marker in pins
        if not re.search(r"== 'win32'|== 'emscripten'|python_full_version <", marker)
    )


def _lock_file(name: str) -> str:
    return os.path.join(ROOT, "requirements", name + ".txt")


def _stamp(name: str) -> str:
    return os.path.join(VENV, "hallside-installed-" + name)


def _hash(name: str) -> str:
    return hashlib.sha256(_read(_lock_file(name)).encode()).hexdigest()


def _running() -> str:
    return "%d.%d" % sys.version_info[:2]


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


def _stop(words: str) -> None:
    _say(words)
    sys.exit(1)
