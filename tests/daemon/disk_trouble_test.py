"""leatd with three log directories, one of them on a small disk of its own that fills up; and one that vanishes.

The disks are tmpfs in a mount namespace of this test's own, which takes root or user namespaces.
usage: disk_trouble_test.py PATH_OF_LEATD PATH_OF_LEAT [unittest arguments]
"""

import ctypes
import os
import re
import subprocess
import sys
import tempfile
import unittest

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_REC, MS_PRIVATE = 0x4000, 1 << 18
MNT_DETACH = 2
LIBC = ctypes.CDLL(None, use_errno=True)
LEATD = LEAT = None
READY = re.compile(r"^leatd ready: listeners=PLAINTEXT://(?P<address>\S+) ")
PATIENCE = 60


def have_own_mounts():
    """Whether this process may mount disks that nobody else sees."""
    for flags in (CLONE_NEWNS, CLONE_NEWUSER | CLONE_NEWNS):
        if LIBC.unshare(flags) == 0 and LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0:
            return True
    return False


def mount_small_disk(path):
    if LIBC.mount(b"tmpfs", path.encode(), b"tmpfs", 0, b"size=3m") != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)


class Daemon:
    def __init__(self, directories):
        self.process = subprocess.Popen(
            [LEATD, "--set", "listeners=PLAINTEXT://127.0.0.1:0", "--set", f"log.dirs={','.join(directories)}",
             "--set", f"metadata.log.dir={directories[0]}", "--set", "log.flush.offset.checkpoint.interval.ms=100"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        ready = READY.match(line)
        if not ready:
            raise AssertionError(f"leatd is not ready: {line!r} {self.process.communicate()[1]!r}")
        self.address = ready["address"]

    def stop(self):
        """What it said on standard error."""
        self.process.terminate()
        return self.process.communicate(timeout=PATIENCE)[1]


class DiskTrouble(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not have_own_mounts():
            raise unittest.SkipTest("no rights to mount disks of its own")

    def setUp(self):
        home = tempfile.TemporaryDirectory(prefix="leatd-disks-")
        self.addCleanup(home.cleanup)
        self.directories = [os.path.join(home.name, name) for name in ("metadata", "small", "large")]
        for directory in self.directories:
            os.mkdir(directory)
        self.small = self.directories[1]
        mount_small_disk(self.small)
        self.addCleanup(LIBC.umount2, self.small.encode(), MNT_DETACH)
        self.start()
        self.addCleanup(lambda: self.daemon.stop())
        self.leat("topic", "create", "t", "--partitions", "3")
        self.assertTrue(os.path.isdir(os.path.join(self.small, "t-1")), "t-1 lies on the small disk")

    def start(self):
        self.daemon = Daemon(self.directories)

    def leat(self, *words, stdin="", status=0):
        done = subprocess.run([LEAT, *words, "-b", self.daemon.address], input=stdin, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def produce(self, partition, lines, status=0):
        return self.leat("produce", "t", "-p", str(partition), "--timeout", "2", "--batch-bytes", "65536",
                         stdin="".join(f"{line}\n" for line in lines), status=status)

    def consume(self, partition):
        return self.leat("consume", "t", "-p", str(partition), "--format", "%v\n").stdout.split()

    def check_that_the_others_go_on(self):
        for partition in (0, 2):
            self.produce(partition, [f"value-{partition}"])
            self.assertIn(f"value-{partition}", self.consume(partition))

    def test_a_full_disk_stops_its_partitions_only_and_they_come_back_with_room(self):
        acknowledged = [f"{n:07}" for n in range(1000)]
        self.produce(1, acknowledged)
        filler = os.path.join(self.small, "filler")
        with open(filler, "wb", buffering=0) as file, self.assertRaises(OSError):
            while True:
                file.write(bytes(4096))
        self.produce(1, [f"{n:07}" for n in range(1000, 100_000)], status=1)
        self.check_that_the_others_go_on()
        said = self.daemon.stop()
        self.assertIn(f"{self.small}/t-1", said)
        self.assertIn("No space left on device", said)
        os.unlink(filler)
        self.start()
        back = self.consume(1)
        self.assertEqual(back[: len(acknowledged)], acknowledged)
        self.assertEqual(back, sorted(set(back)), "once and in order")
        self.produce(1, ["after"])
        self.assertEqual(self.consume(1)[-1], "after")

    def test_a_disk_that_vanishes_takes_no_new_partitions_and_comes_back(self):
        self.produce(1, ["before"])
        away = os.path.join(os.path.dirname(self.small), "away")
        os.rename(self.directories[2], away)
        self.leat("topic", "create", "u", "--partitions", "3")
        for partition in range(3):
            self.leat("produce", "u", "-p", str(partition), "--value", "new")
        self.assertFalse(os.path.exists(self.directories[2]), "a directory that went is not made anew")
        said = self.daemon.stop()
        self.assertIn(f"New partitions do not go to {self.directories[2]}", said)
        os.rename(away, self.directories[2])
        self.start()
        self.assertEqual(self.consume(1), ["before"])
        self.check_that_the_others_go_on()


if __name__ == "__main__":
    LEATD, LEAT = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
