#!/usr/bin/env python3
"""What connections cost a leatd, and whether busy ones share it fairly: the numbers of docs/limits.md.

usage: connections.py PATH_OF_LEATD [--idle 5000] [--busy 500] [--seconds 20]

Opens idle connections that have each asked ApiVersions once, then busy ones, a third each of ApiVersions, Metadata and
Produce (one record of 100 bytes, acks=all), every one with one request in flight. All clients are one process beside
the daemon, so that latencies include the client's own share of the machine.
"""

import argparse
import resource
import selectors
import struct
import time

from wire import API_VERSIONS, METADATA, Client, Daemon, batch, produce, record, request, string


class Busy:
    def __init__(self, port, kind, frame):
        self.client = Client(port)
        self.client.socket.setblocking(False)
        self.kind, self.frame = kind, frame
        self.received, self.latencies = b"", []

    def send(self):
        self.began = time.monotonic()
        self.client.socket.send(self.frame)

    def readable(self):
        self.received += self.client.socket.recv(1 << 16)
        if len(self.received) < 4:
            return
        size = struct.unpack(">i", self.received[:4])[0]
        if len(self.received) < 4 + size:
            return
        self.received = self.received[4 + size:]
        self.latencies.append(time.monotonic() - self.began)
        self.send()


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


def main():
    options = argparse.ArgumentParser()
    options.add_argument("leatd")
    options.add_argument("--idle", type=int, default=5000)
    options.add_argument("--busy", type=int, default=500)
    options.add_argument("--seconds", type=float, default=20)
    options = options.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    # Hundreds of clients connect within a millisecond here: more than the 50 that may wait by default.
    with Daemon(options.leatd, socket_listen_backlog_size=1000) as daemon:
        first = Client(daemon.port)
        first.create_topic("load")
        first.produce_error("load", batch(record(b"x"), 1))
        alone = daemon.resident_kib()
        print(f"daemon alone: {alone / 1024:.1f} MiB resident")

        began = time.monotonic()
        idle = []
        for _ in range(options.idle):
            idle.append(Client(daemon.port))
            idle[-1].api_versions()
        print(f"{options.idle} connections opened in {time.monotonic() - began:.1f} s")
        with_idle = daemon.resident_kib()
        if idle:
            print(f"with them idle: {with_idle / 1024:.1f} MiB, {(with_idle - alone) / len(idle):.2f} KiB each")
        cpu = daemon.cpu_seconds()
        time.sleep(5)
        print(f"CPU of the daemon while idle: {(daemon.cpu_seconds() - cpu) / 5 * 100:.1f}% of a core")

        frames = {"ApiVersions": request(API_VERSIONS, 0, b""),
                  "Metadata": request(METADATA, 1, struct.pack(">i", 1) + string("load")),
                  "Produce": produce("load", batch(record(b"v" * 100), 1))}
        kinds = list(frames)
        selector = selectors.DefaultSelector()
        all_busy = [Busy(daemon.port, kinds[i % 3], frames[kinds[i % 3]]) for i in range(options.busy)]
        for busy in all_busy:
            selector.register(busy.client.socket, selectors.EVENT_READ, busy)
        cpu, began = daemon.cpu_seconds(), time.monotonic()
        for busy in all_busy:
            busy.send()
        while time.monotonic() - began < options.seconds:
            for key, _ in selector.select(0.1):
                key.data.readable()
        spent, took = daemon.cpu_seconds() - cpu, time.monotonic() - began
        total = sum(len(busy.latencies) for busy in all_busy)
        print(f"{options.busy} busy connections for {took:.0f} s: {total / took:.0f} requests/s, "
              f"CPU of the daemon {spent / took * 100:.0f}% of a core, {daemon.resident_kib() / 1024:.1f} MiB, "
              f"peak {daemon.peak_kib() / 1024:.1f} MiB")
        for kind in kinds:
            same = [busy for busy in all_busy if busy.kind == kind]
            latencies = [one for busy in same for one in busy.latencies]
            counts = [len(busy.latencies) for busy in same]
            print(f"  {kind}: p50 {percentile(latencies, .5):.1f} ms, p99 {percentile(latencies, .99):.1f} ms, "
                  f"max {max(latencies) * 1000:.0f} ms; answers of one connection: {min(counts)} to {max(counts)}, "
                  f"mean {sum(counts) / len(counts):.0f}")
        for one in idle[:: max(1, len(idle) // 50)]:
            one.api_versions()
        print("idle connections still answer")


if __name__ == "__main__":
    main()
