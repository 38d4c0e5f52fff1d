"""Every relative link of every page leads to a file that is there: `links.py ROOT`."""

import re
import subprocess
import sys
from pathlib import Path

LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


def main(root):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                            cwd=root, capture_output=True, text=True)
    # Without git, as in a release's archive: all that is not built.
    pages = ([root / name for name in listed.stdout.split("\n") if name] if listed.returncode == 0 else
             [page for page in root.rglob("*.md") if not page.is_relative_to(root / "build")])
    broken = [f"{page.relative_to(root)}: {target}" for page in pages if page.exists()
              for target, _ in LINK.findall(page.read_text())
              if "://" not in target and not (page.parent / target).exists()]
    for one in broken:
        print("leads nowhere:", one)
    print(f"{len(pages)} pages")
    return 1 if broken or not pages else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
