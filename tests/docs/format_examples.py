"""Makes the files that docs/format.md shows, by `xxd` or `cat`, and has `leat log dump` read each where the page does:

    format_examples.py LEAT PAGE

What it prints must be what the page shows. A line of the page that ends in " ..." stands for one that goes on.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"^```\n(.*?)^```$", re.M | re.S)
COMMAND = re.compile(r"^\$ (\w+)(?: log dump)? ([^-]\S*)(?: --records)?(?: +#(.*))?$")


def commands(block):
    """(program, path, comment, lines of output up to a blank one) of each."""
    found = []
    for line in block.splitlines():
        if command := COMMAND.match(line):
            found.append((command.group(1), command.group(2), command.group(3) or "", []))
            goes_on = True
        elif not line:
            goes_on = False
        elif found and goes_on:
            found[-1][3].append(line)
    return found


def bytes_of(lines):
    """What xxd shows."""
    return b"".join(bytes.fromhex(line[10:50].replace(" ", "")) for line in lines)


def compare(leat, directory, path, shown):
    done = subprocess.run([leat, "log", "dump", path, "--records"], cwd=directory, capture_output=True, text=True)
    assert done.returncode == 0, f"{path}: {done.stderr}"
    printed = done.stdout.splitlines()
    same = len(shown) == len(printed) and all(
        told.startswith(says[:-4]) if says.endswith(" ...") else told == says for says, told in zip(shown, printed))
    assert same, f"{path}: the page says {shown}, leat {printed}"


def main(leat, page):
    compared = 0
    with tempfile.TemporaryDirectory() as directory:
        for block in BLOCK.finditer(page.read_text()):
            for program, path, comment, lines in commands(block.group(1)):
                file = Path(directory, path)
                if program in ("xxd", "cat"):
                    text = "\n".join(lines) + ("" if "no newline" in comment else "\n")
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(bytes_of(lines) if program == "xxd" else text.encode())
                elif program == "leat" and file.exists():
                    compare(leat, directory, path, lines)
                    compared += 1
    assert compared >= 10, f"only {compared} files were compared"
    print(f"{compared} files are as the page shows them")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
