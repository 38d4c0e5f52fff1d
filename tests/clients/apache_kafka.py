"""Apache Kafka itself, from the released jars, in leatd's place: what tests hold leatd to, they hold it to as well."""

import signal
import socket
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from harness import Leatd, PATIENCE, run

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
log.dirs={data}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""


class ApacheKafka(Leatd):
    """Started and killed like leatd; `java` is the command that has its classes, `jvm` its options, `extra` more settings."""

    files = ("logs",)  # its indexes end with space for more

    def __init__(self, java, extra=None, wrap=(), jvm=("-Xmx512m", "-XX:+UseSerialGC")):
        super().__init__(wrap=wrap)
        self.java = java
        self.jvm = jvm
        ports = [socket.socket() for _ in range(2)]
        for port in ports:
            port.bind(("127.0.0.1", 0))
        broker, controller = (port.getsockname()[1] for port in ports)
        for port in ports:
            port.close()
        self.bootstrap = f"127.0.0.1:{broker}"
        self.config = self.dir / "server.properties"
        self.config.write_text(SETTINGS.format(broker=broker, controller=controller, data=self.data) +
                               "".join(f"{name}={value}\n" for name, value in (extra or {}).items()))

    def start(self):
        if not self.starts:
            cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            run([*self.java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", self.config])
        self.starts += 1
        self.log = self.dir / f"kafka-{self.starts}.log"
        began = time.monotonic()
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen([*self.wrap, self.java[0], *self.jvm, *self.java[1:], "kafka.Kafka",
                                             str(self.config)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        host, port = self.bootstrap.split(":")
        while True:
            try:
                socket.create_connection((host, int(port)), 1).close()
                return time.monotonic() - began
            except OSError:
                assert self.process.poll() is None, f"Kafka ended at start:\n{self.output()[-2000:]}"
                assert time.monotonic() - began < PATIENCE, f"Kafka is not ready after {PATIENCE} s"
                time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)  # with 143
        self.process = None

    def kill9_and_start(self):
        self.kill9()
        self.start()


class Elsewhere:
    """A broker that runs already and that nobody here starts, kills or looks into."""

    restarts = False
    files = ()

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.dir = Path(tempfile.mkdtemp(prefix="leat-test-"))
        self.data = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        Leatd.discard(self)
