"""A member of a group says what happens to it on stdout and leaves when told so on stdin; ../groups.py has the words."""

import json
import sys
import threading
import time

COMMIT_AT = 20  # records, or as soon as nothing comes


class Member:
    """Its settings as attributes, its `leaving` event, and its voice."""

    def __init__(self):
        vars(self).update(json.loads(sys.argv[1]))
        self.leaving = threading.Event()
        self.lock = threading.Lock()
        self.uncommitted = {}  # partition: offset of the record after the last one processed
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        sys.stdin.readline()  # "leave", or the end of whoever would say it
        self.leaving.set()

    def say(self, event, **fields):
        with self.lock:
            print(json.dumps({"t": time.monotonic_ns(), "event": event, **fields}), flush=True)

    def process(self, records):
        """`records` are partition, offset and value."""
        self.say("records", records=[(p, offset, value.decode()) for p, offset, value in records])
        for partition, offset, _ in records:
            self.uncommitted[partition] = offset + 1

    def committing(self, partitions=None):
        """What is to be committed of these partitions, by partition."""
        offsets = {p: offset for p, offset in self.uncommitted.items() if partitions is None or p in partitions}
        if offsets:
            self.say("committing", offsets=sorted(offsets.items()))
        return offsets

    def committed(self, offsets):
        self.say("committed", offsets=sorted(offsets.items()))
        for partition, offset in offsets.items():
            if self.uncommitted.get(partition) == offset:
                del self.uncommitted[partition]

    def ended(self, event, partitions):
        """Of the ownership of these; what is not yet committed of them is no longer this member's to commit."""
        for partition in partitions:
            self.uncommitted.pop(partition, None)
        self.say(event, partitions=sorted(partitions))
