#include "net/frame_assembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/wire.h"

namespace leat::net {
namespace {

class FrameAssemblerTest : public ::testing::Test {
 protected:
  // Gives it `bytes` in pieces of at most `piece`, and takes every frame that comes out.
  FrameAssembler::Next feed(std::string_view bytes, std::size_t piece = std::size_t(-1)) {
    FrameAssembler::Next next = take();
    while (!bytes.empty() && next == FrameAssembler::Next::need_bytes) {
      const auto space = assembler.space();
      const std::size_t count = std::min({piece, space.size(), bytes.size()});
      std::memcpy(space.data(), bytes.data(), count);
      assembler.received(count);
      bytes.remove_prefix(count);
      next = take();
    }
    return next;
  }
  FrameAssembler::Next take() {
    for (;;) {
      Frame frame;
      const auto next = assembler.next(frame);
      if (next != FrameAssembler::Next::frame) return next;
      frames.push_back(std::move(frame));
    }
  }
  static std::string framed(std::string_view body) {
    std::string bytes(4, '\0');
    store_be(reinterpret_cast<std::byte*>(bytes.data()), static_cast<std::int32_t>(body.size()));
    return bytes.append(body);
  }
  std::string text(std::size_t index) const {
    return {reinterpret_cast<const char*>(frames[index].bytes.data()), frames[index].bytes.size()};
  }

  std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>(100'000'000);
  std::shared_ptr<BufferPool> pool = BufferPool::make();
  FrameAssembler assembler{pool, budget, 50'000'000};
  std::vector<Frame> frames;
};

TEST_F(FrameAssemblerTest, FramesAreTheSameHoweverTheyAreCut) {
  std::string all;
  std::vector<std::string> bodies;
  for (std::size_t size : {0, 1, 3, 4092, 5000, 20'000, 30'000, 40'000, 70'000, 10, 3'000'000, 65'532}) {
    bodies.emplace_back(size, static_cast<char>('a' + bodies.size()));
    all += framed(bodies.back());
  }
  for (std::size_t piece : {std::size_t(1), std::size_t(7), std::size_t(4096), std::size_t(65'536), all.size()}) {
    frames.clear();
    EXPECT_EQ(feed(all, piece), FrameAssembler::Next::need_bytes);
    ASSERT_EQ(frames.size(), bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) ASSERT_TRUE(text(i) == bodies[i]) << piece << " " << i;
  }
}

TEST_F(FrameAssemblerTest, AFrameMayBeWrittenToWithoutTouchingItsNeighbours) {
  feed(framed(std::string(5000, 'a')) + framed(std::string(5000, 'b')) + framed("c") + framed("d"));
  for (Frame& frame : frames) std::ranges::fill(frame.bytes, std::byte('x'));
  frames.resize(1);
  feed(framed(std::string(60'000, 'y')));
  EXPECT_EQ(text(0), std::string(5000, 'x'));
  EXPECT_EQ(text(1), std::string(60'000, 'y'));
}

TEST_F(FrameAssemblerTest, TheBudgetIsGivenBackWithTheLastHolder) {
  feed(framed("12345") + framed(std::string(100'000, 'a')));
  EXPECT_EQ(budget->used(), 100'005u);
  const auto held = frames[1].owner;
  frames.clear();
  EXPECT_EQ(budget->used(), 100'000u);
}

TEST_F(FrameAssemblerTest, AnUnfinishedFrameGivesItsShareBack) {
  {
    FrameAssembler other(pool, budget, 1000);
    std::memcpy(other.space().data(), framed(std::string(100, 'a')).data(), 50);
    other.received(50);
    Frame frame;
    EXPECT_EQ(other.next(frame), FrameAssembler::Next::need_bytes);
    EXPECT_EQ(other.arrived(), 50u);
    EXPECT_EQ(budget->used(), 100u);
  }
  EXPECT_EQ(budget->used(), 0u);
}

TEST_F(FrameAssemblerTest, ALargeFramesBufferGrowsWithWhatHasCome) {
  const std::string body(40'000'000, 'a');
  const std::string all = framed(body);
  feed(std::string_view(all).substr(0, 1000));
  EXPECT_LE(assembler.space().size(), 2u * 1024 * 1024);
  feed(std::string_view(all).substr(1000));
  EXPECT_TRUE(text(0) == body);
}

TEST_F(FrameAssemblerTest, ALargeFrameCountsWhatItHoldsAndNotWhatItAnnounced) {
  const std::string all = framed(std::string(40'000'000, 'a'));
  feed(std::string_view(all).substr(0, 1000));
  EXPECT_LE(budget->used(), 2u * 1024 * 1024);
  feed(std::string_view(all).substr(1000));
  EXPECT_EQ(budget->used(), 40'000'000u);
}

TEST_F(FrameAssemblerTest, LargeFramesLeaveAQuarterOfTheBudgetToSmallOnes) {
  ASSERT_TRUE(budget->try_reserve(74'000'000));
  const std::string large = framed(std::string(2'000'000, 'a'));
  EXPECT_EQ(feed(std::string_view(large).substr(0, 100)), FrameAssembler::Next::need_memory);
  FrameAssembler other(pool, budget, 1000);
  const std::string small = framed("small");
  std::memcpy(other.space().data(), small.data(), small.size());
  other.received(small.size());
  Frame frame;
  EXPECT_EQ(other.next(frame), FrameAssembler::Next::frame);
}

TEST_F(FrameAssemblerTest, ALargeFrameGoesOnWhenTheBudgetHasRoomAgain) {
  const std::string all = framed(std::string(40'000'000, 'a'));
  feed(std::string_view(all).substr(0, 1000));
  ASSERT_TRUE(budget->try_reserve(72'000'000));
  EXPECT_EQ(feed(std::string_view(all).substr(1000, 2 * 1024 * 1024)), FrameAssembler::Next::need_memory);
  budget->release(72'000'000);
  EXPECT_EQ(take(), FrameAssembler::Next::need_bytes);
}

TEST_F(FrameAssemblerTest, ItWaitsForTheBudgetAndGoesOn) {
  ASSERT_TRUE(budget->try_reserve(99'999'999));
  EXPECT_EQ(feed(framed("ab")), FrameAssembler::Next::need_memory);
  budget->release(99'999'999);
  EXPECT_EQ(take(), FrameAssembler::Next::need_bytes);
  EXPECT_EQ(text(0), "ab");
}

TEST_F(FrameAssemblerTest, ABadSizeStaysBad) {
  EXPECT_EQ(feed(framed("good") + std::string("\xff\xff\xff\xff", 4) + framed("never")), FrameAssembler::Next::bad_size);
  EXPECT_EQ(take(), FrameAssembler::Next::bad_size);
  EXPECT_EQ(frames.size(), 1u);
}

TEST_F(FrameAssemblerTest, SmallFramesDoNotHoldOnToTheSharedBuffer) {
  feed(framed("long poll"));
  assembler.rest();
  EXPECT_EQ(pool->kept(), BufferPool::smallest);
}

TEST(BufferPools, GiveTheSameMemoryAgain) {
  auto pool = BufferPool::make();
  const auto* memory = pool->take(100'000)->data();
  EXPECT_EQ(pool->kept(), 128u * 1024);
  EXPECT_EQ(pool->take(128 * 1024)->data(), memory);
}

TEST(BufferPools, KeepOnlySoMuch) {
  auto pool = BufferPool::make();
  std::vector<Buffer> buffers;
  for (int i = 0; i < 10; ++i) buffers.push_back(pool->take(2 * 1024 * 1024));
  buffers.push_back(pool->take(5'000'000));
  buffers.clear();
  EXPECT_EQ(pool->kept(), BufferPool::kept_max);
}

TEST(BufferPools, MayGoBeforeTheirBuffers) {
  auto pool = BufferPool::make();
  Buffer buffer = pool->take();
  pool.reset();
  (*buffer)[0] = std::byte(1);
}

}  // namespace
}  // namespace leat::net
