"""Takes the C++ out of pages: `snippets.py FOLDER PAGE.md...` writes each ```cpp block to FOLDER/docs_PAGE_NUMBER.cc.

A block with a main() is a program as it stands. Any other is put into a function with a `broker`, a `producer` and a
`consumer`, and is compiled only. Errors point at the page. Prints `NAME program|part LIBRARY` of each.
"""

import re
import sys
from pathlib import Path

FENCE = re.compile(r"^```cpp\n(.*?)^```$", re.M | re.S)
# By library: what only that declares.
HEADERS = {"leat::leat": "", "leat::server": "#include <leat/server.h>\n", "leat::sim": "#include <leat/sim.h>\n",
           "leat::protobuf": '#include <leat/protobuf.h>\n#include "shop.pb.h"\n'}
BEFORE = """\
#include <leat/leat.h>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

[[maybe_unused]] static void part([[maybe_unused]] leat::Broker& broker, [[maybe_unused]] leat::Producer& producer,
                                  [[maybe_unused]] leat::Consumer& consumer) {
"""
AFTER = "}\n\nint main() {}\n"


def main(folder, pages):
    folder.mkdir(parents=True, exist_ok=True)
    for page in pages:
        text = page.read_text()
        for number, block in enumerate(FENCE.finditer(text), 1):
            name = f"docs_{page.stem.lower()}_{number}"
            line = text.count("\n", 0, block.start()) + 2
            code = f'#line {line} "{page}"\n{block.group(1)}'
            is_program = "int main(" in code
            # Parts do not run, but they are linked.
            library = ("leat::server" if "leat::Server" in code else
                       "leat::protobuf" if "leat::protobuf" in code else
                       "leat::sim" if "leat::sim" in code else "leat::leat")
            source = code if is_program else HEADERS[library] + BEFORE + code + AFTER
            write(folder / f"{name}.cc", source)
            print(name, "program" if is_program else "part", library)


def write(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(page) for page in sys.argv[2:]])
