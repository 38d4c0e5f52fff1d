"""What every test of the running daemon shares: a leatd in a temporary directory, cases, and the line that counts them.

A case is a function decorated with @case that raises to fail. main() runs the cases (those named on the command line,
or all), prints one line each and last `N passed, N failed`.
"""

import contextlib
import importlib.machinery
import importlib.util
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("LEAT_BIN", ROOT / "build/release/bin"))
READY = re.compile(r"leatd ready: .*?listeners=\S*?PLAINTEXT://(\S+?:\d+)")
PATIENCE = 60  # seconds until something that must come is said to hang; nothing that works comes near it


class Leatd:
    """A leatd on a free port. As a context it is started and stopped, and its directory goes with it.

    `wrap` is put before the command, e.g. strace and its options; `settings` become --set, over those of `file`.
    """

    restarts = True
    files = ("logs", "indexes")  # what can be looked into while it runs

    def __init__(self, settings=None, wrap=(), file=None, bin=BIN):
        self.dir = Path(tempfile.mkdtemp(prefix="leat-test-"))
        self.data = self.dir / "data"
        self.settings = {"listeners": "PLAINTEXT://127.0.0.1:0", "log.dirs": self.data, **(settings or {})}
        self.wrap = list(wrap)
        self.command = [bin / "leatd", *([file] if file else [])]
        self.process = None
        self.bootstrap = None
        self.starts = 0

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.discard()
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            if self.process and kind is None:
                self.stop()
            elif self.process:
                print(f"--- the end of {self.log}:\n{self.output()[-4000:]}", file=sys.stderr)
                self.kill9()
        finally:
            self.discard()

    def start(self):
        """Returns the seconds until leatd said that it is ready."""
        self.starts += 1
        self.log = self.dir / f"leatd-{self.starts}.log"
        command = [str(word) for word in self.wrap + self.command]
        for name, value in self.settings.items():
            command += ["--set", f"{name}={value}"]
        began = time.monotonic()
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        while not (ready := READY.search(self.output())):
            if self.process.poll() is not None:
                raise AssertionError(f"leatd ended with {self.process.returncode} at start:\n{self.output()}")
            if time.monotonic() - began > PATIENCE:
                raise AssertionError(f"leatd is not ready after {PATIENCE} s:\n{self.output()}")
            time.sleep(0.002)
        self.bootstrap = ready.group(1)
        return time.monotonic() - began

    def output(self):
        return self.log.read_text(errors="replace")

    def pid(self):
        """Of leatd itself, also where it runs below another program. One like taskset becomes what it starts."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split() if self.wrap else []
        assert len(children) <= 1, f"the wrapper of leatd has children {children}"
        return int(children[0]) if children else self.process.pid

    def stop(self):
        """SIGTERM, which must end in a status of 0."""
        os.kill(self.pid(), signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError(f"leatd did not stop within {PATIENCE} s of SIGTERM:\n{self.output()[-4000:]}") from None
        self.process = None
        assert status == 0, f"leatd ended with {status} after SIGTERM:\n{self.output()[-4000:]}"

    def kill9(self):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError, AssertionError):
            os.kill(self.pid(), signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.process = None

    def kill9_and_start(self):
        """On the same port, for those who are connected."""
        self.settings["listeners"] = f"PLAINTEXT://{self.bootstrap}"
        self.kill9()
        self.start()

    def discard(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def run(command, stdin=None, check=True, timeout=PATIENCE, **how):
    """The finished process, its stdout and stderr as bytes. An exit status other than 0 raises, unless check=False."""
    done = subprocess.run([str(word) for word in command], input=stdin or b"", capture_output=True, timeout=timeout,
                          **how)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))[:300]}: status {done.returncode}\n"
                             f"{done.stderr[-2000:].decode(errors='replace')}")
    return done


def runner():
    """tests/clients/run as a module: it knows how to install."""
    path = ROOT / "tests/clients/run"
    loader = importlib.machinery.SourceFileLoader("clients_run", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("clients_run", loader))
    loader.exec_module(module)
    return module


def create_topic(bootstrap, name, partitions, configs=None):
    """CreateTopics version 4 by hand, so that a topic needs no client library."""
    def string(text):
        return struct.pack(">h", len(text)) + text.encode()

    topic = string(name) + struct.pack(">ih", partitions, -1) + struct.pack(">i", 0)
    topic += struct.pack(">i", len(configs or {}))
    for key, value in (configs or {}).items():
        topic += string(key) + string(str(value))
    body = struct.pack(">i", 1) + topic + struct.pack(">i?", PATIENCE * 1000, False)
    frame = struct.pack(">hhi", 19, 4, 1) + string("leat-test") + body
    host, port = bootstrap.rsplit(":", 1)
    with socket.create_connection((host, int(port)), PATIENCE) as connection:
        connection.sendall(struct.pack(">i", len(frame)) + frame)
        stream = connection.makefile("rb")
        answer = stream.read(struct.unpack(">i", stream.read(4))[0])
    # correlation id, throttle time, one topic: name, error, message
    at = 12
    at += 2 + struct.unpack_from(">h", answer, at)[0]
    error = struct.unpack_from(">h", answer, at)[0]
    assert error == 0, f"CreateTopics of {name}: error {error}"


cases = []


def case(function):
    cases.append(function)
    return function


def main(setting=contextlib.nullcontext):
    """Runs the cases, each with what `setting()` yields where it takes an argument, and exits with 1 if any failed."""
    chosen = [c for c in cases if not sys.argv[1:] or c.__name__ in sys.argv[1:]]
    passed = failed = 0
    try:
        with setting() as given:
            for function in chosen:
                began = time.monotonic()
                try:
                    function(*([given] if function.__code__.co_argcount else []))
                    passed += 1
                    print(f"ok   {function.__name__} ({time.monotonic() - began:.2f} s)", flush=True)
                except Exception:
                    failed += 1
                    print(f"FAIL {function.__name__}\n{traceback.format_exc()}", flush=True)
    except Exception:
        failed += 1
        print(f"FAIL {Path(sys.argv[0]).name}: starting or stopping leatd\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] != "create-topic":
        sys.exit("usage: harness.py create-topic HOST:PORT NAME PARTITIONS")
    create_topic(sys.argv[2], sys.argv[3], int(sys.argv[4]))
