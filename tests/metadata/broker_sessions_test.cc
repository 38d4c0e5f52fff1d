#include "metadata/broker_sessions.h"

#include <limits>

#include "cluster_fixture.h"

namespace leat::metadata {
namespace {

using std::chrono::seconds;

class BrokerSessionsTest : public ClusterTest {
 protected:
  static Instant at(int second) { return Instant{} + seconds(second); }
  BrokerSessions sessions{seconds(9)};
};

TEST_F(BrokerSessionsTest, ASilentBrokerExpiresAfterTheTimeoutAndNotAtIt) {
  sessions.begin(image(), at(0), no_node);
  for (NodeId id : {2, 3, 4}) sessions.contact(id, 0, at(5));
  EXPECT_EQ(sessions.expired(image(), at(9)), std::nullopt);
  EXPECT_TRUE(sessions.is_alive(image(), 1, at(9)));
  EXPECT_EQ(sessions.expired(image(), at(10)), 1);
  EXPECT_FALSE(sessions.is_alive(image(), 1, at(10)));
  EXPECT_TRUE(sessions.is_alive(image(), 2, at(10)));
}

TEST_F(BrokerSessionsTest, TheOneSilentTheLongestExpiresFirstAndAFencedOneNoMore) {
  sessions.begin(image(), at(0), no_node);
  sessions.contact(1, 0, at(3));
  sessions.contact(2, 0, at(2));
  sessions.contact(3, 0, at(1));
  sessions.contact(4, 0, at(100));
  for (const NodeId id : {3, 2, 1}) {
    EXPECT_EQ(sessions.expired(image(), at(100)), id);
    put_fenced(id);
    sessions.fenced(id);
  }
  EXPECT_EQ(sessions.expired(image(), at(100)), std::nullopt);
}

TEST_F(BrokerSessionsTest, ANewControllerGivesEveryUnfencedBrokerAFreshSessionAndSparesItsOwn) {
  put_fenced(2);
  sessions.begin(image(), at(100), 1);
  EXPECT_EQ(sessions.expired(image(), at(109)), std::nullopt);
  EXPECT_FALSE(sessions.is_alive(image(), 2, at(100)));
  EXPECT_EQ(sessions.expired(image(), at(110)), 3);
  put_fenced(3);
  put_fenced(4);
  EXPECT_EQ(sessions.expired(image(), at(1000)), std::nullopt) << "1 needs no session";
}

TEST_F(BrokerSessionsTest, AnUnknownBrokersContactIsNoSession) {
  sessions.begin(image(), at(0), no_node);
  sessions.contact(9, 5, at(0));
  EXPECT_FALSE(sessions.is_alive(image(), 9, at(0)));
}

TEST_F(BrokerSessionsTest, AFencedBrokerMustCatchUpWithTheControllersStartOrItsRegistration) {
  put_fenced(2);
  head.set_end(77, 1);
  sessions.begin(image(), at(0), no_node);
  EXPECT_EQ(sessions.registration_offset(1), 0);
  EXPECT_EQ(sessions.registration_offset(2), 77);
  sessions.registered(2, 90, at(1));
  EXPECT_EQ(sessions.registration_offset(2), 90);
}

TEST_F(BrokerSessionsTest, TheFirstShutdownOffsetCountsUntilTheBrokerIsFenced) {
  sessions.begin(image(), at(0), no_node);
  EXPECT_EQ(sessions.shutdown_offset(1), std::nullopt);
  sessions.shuts_down(1, 50);
  sessions.shuts_down(1, 60);
  EXPECT_EQ(sessions.shutdown_offset(1), 50);
  sessions.fenced(1);
  EXPECT_EQ(sessions.shutdown_offset(1), std::nullopt);
}

TEST_F(BrokerSessionsTest, TheLowestOffsetIsOfThoseThatAreUnfencedAndStay) {
  sessions.begin(image(), at(0), no_node);
  for (NodeId id = 1; id <= 4; ++id) sessions.contact(id, 10 * id, at(0));
  EXPECT_EQ(sessions.lowest_active_offset(image()), 10);
  sessions.shuts_down(1, 50);
  EXPECT_EQ(sessions.lowest_active_offset(image()), 20);
  put_fenced(2);
  EXPECT_EQ(sessions.lowest_active_offset(image()), 30);
  sessions.forget(3);
  sessions.shuts_down(4, 60);
  EXPECT_EQ(sessions.lowest_active_offset(image()), std::numeric_limits<Offset>::max());
}

}  // namespace
}  // namespace leat::metadata
