#include "input.h"
#include "net/frame_assembler.h"

using namespace leat;

/// A client's bytes, in pieces of any size: the frames that come out are the bytes that went in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t frame_max = 100'000;
  fuzz::Input input(data, size);
  const std::size_t step = 1 + input.number<std::uint16_t>();
  auto budget = std::make_shared<MemoryBudget>(2 * frame_max);
  {
    net::FrameAssembler assembler(net::BufferPool::make(), budget, frame_max);
    const auto stream = input.rest();
    std::size_t sent = 0, seen = 0;
    for (bool open = true; open;) {
      net::Frame frame;
      switch (assembler.next(frame)) {
        case net::FrameAssembler::Next::frame:
          fuzz::require(seen + 4 + frame.bytes.size() <= sent, "a frame was received before it is handed out");
          fuzz::require(std::ranges::equal(frame.bytes, Bytes(stream).subspan(seen + 4, frame.bytes.size())),
                        "a frame is what was sent");
          seen += 4 + frame.bytes.size();
          break;
        case net::FrameAssembler::Next::need_bytes: {
          const auto space = assembler.space();
          fuzz::require(!space.empty(), "there is room for what is needed");
          const std::size_t count = std::min({step, space.size(), stream.size() - sent});
          if (count == 0) {
            open = false;
            break;
          }
          std::memcpy(space.data(), stream.data() + sent, count);
          assembler.received(count);
          sent += count;
          break;
        }
        case net::FrameAssembler::Next::need_memory:
          fuzz::require(false, "frames that nobody holds cost nothing");
          break;
        case net::FrameAssembler::Next::bad_size: open = false; break;
      }
    }
  }
  fuzz::require(budget->used() == 0, "the budget is whole again");
  return 0;
}
