"""A directory that leatd and Apache Kafka run on, one after the other, always at the same ports."""

import hashlib
import shutil
import socket
import subprocess
import tempfile
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from apache_kafka import ApacheKafka
from harness import BIN, Leatd, run

NODE = 1
SHARED = {  # of both brokers, whose defaults take a test too long
    "group.initial.rebalance.delay.ms": 0,
    "offsets.topic.num.partitions": 4,
    "auto.create.topics.enable": "false",
}
KAFKA = """\
process.roles=broker,controller
node.id={node}
controller.listener.names=CONTROLLER
{quorum}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
log.dirs={data}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.initial.task.delay.ms=500
metadata.log.max.record.bytes.between.snapshots=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=200
"""
# Voters that the configuration names (kraft.version 0), or that the metadata log names (kraft.version 1), as Leat's.
STATIC = "controller.quorum.voters={node}@127.0.0.1:{controller}"
DYNAMIC = "controller.quorum.bootstrap.servers=127.0.0.1:{controller}"


def uuid_text():
    """As Kafka writes them. It makes none that begins with a dash, which its tools would take for an option."""
    while (text := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Home:
    def __init__(self, java, quorum=DYNAMIC, node=NODE):
        self.java, self.quorum, self.node = java, quorum, node
        self.dir = Path(tempfile.mkdtemp(prefix="leat-twoway-"))
        self.data = self.dir / "data"
        self.port, self.controller = free_ports(2)
        self.bootstrap = f"127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def leatd(self, **settings):
        return Leatd({"log.dirs": self.data, "listeners": f"PLAINTEXT://{self.bootstrap}", **SHARED, **settings})

    def kafka(self):
        return Kafka(self)

    def format(self, *options):
        """By Kafka's own tool."""
        with Kafka(self, starts=False) as kafka:
            run([*self.java, "kafka.tools.StorageTool", "format", "-t", uuid_text(), "-c", kafka.config, *options])

    def was_stopped_cleanly(self):
        return (self.data / ".kafka_cleanshutdown").exists()

    def is_verified(self):
        """leat log verify finds nothing wrong with it, whoever wrote it, and leat log dump reads every file of it."""
        done = subprocess.run([BIN / "leat", "log", "verify", self.data], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        for directory in [self.data, *(path for path in self.data.iterdir() if path.is_dir())]:
            done = subprocess.run([BIN / "leat", "log", "dump", directory, "--all", "--records"], capture_output=True)
            assert done.returncode == 0, done.stderr.decode()
        return True

    def segments(self, partition):
        return len(list((self.data / partition).glob("*.log")))

    def has_metadata_snapshot(self):
        """Besides the one that founds a quorum."""
        return any(path.name[:20].strip("0") for path in (self.data / "__cluster_metadata-0").glob("*.checkpoint"))

    def state(self):
        """What is in every file, to see that nothing was changed. The lock comes and goes."""
        return {str(path.relative_to(self.data)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(self.data.rglob("*")) if path.is_file() and path.name != ".lock"}


class Kafka(ApacheKafka):
    """On a directory that is formatted already."""

    def __init__(self, home, starts=True):
        super().__init__(home.java)
        self.home, self.is_to_start = home, starts
        self.data, self.bootstrap = home.data, home.bootstrap
        places = dict(node=home.node, port=home.port, controller=home.controller, data=home.data)
        lines = KAFKA.format(quorum=home.quorum.format(**places), **places)
        self.config.write_text(lines + "".join(f"{name}={value}\n" for name, value in SHARED.items()))
        self.starts = 1

    def __enter__(self):
        return super().__enter__() if self.is_to_start else self
