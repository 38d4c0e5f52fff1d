#include "metadata/placement.h"

#include <set>

#include "cluster_fixture.h"
#include "sim/entropy.h"

namespace leat::metadata {
namespace {

class PlacementTest : public ClusterTest {
 protected:
  void put_in_rack(NodeId id, const char* rack, bool fenced = false) {
    auto record = broker(id);
    record.rack = rack;
    record.fenced = fenced;
    put(std::move(record));
  }
  std::vector<Nodes> place(std::int32_t partitions, std::int16_t factor) {
    const auto placed = place_replicas(image(), entropy, partitions, factor);
    EXPECT_TRUE(placed) << placed.error().to_string();
    return placed ? *placed : std::vector<Nodes>{};
  }
  sim::SeededEntropy entropy{11};
};

TEST_F(PlacementTest, TheReplicasOfAPartitionAreInAsManyRacksAsThereAre) {
  for (NodeId id = 1; id <= 6; ++id) put_in_rack(id, id <= 2 ? "a" : id <= 4 ? "b" : "c");
  std::map<NodeId, int> leads;
  for (const Nodes& replicas : place(60, 3)) {
    std::set<int> racks;
    for (NodeId id : replicas) racks.insert((id - 1) / 2);
    EXPECT_EQ(racks.size(), 3u);
    ++leads[replicas[0]];
  }
  EXPECT_EQ(leads.size(), 6u) << "each broker leads some";
}

TEST_F(PlacementTest, ARackOfFencedBrokersIsUsedButDoesNotLead) {
  put_in_rack(1, "a", true);
  put_in_rack(2, "a", true);
  put_in_rack(3, "b");
  put_in_rack(4, "b");
  for (const Nodes& replicas : place(20, 2)) {
    EXPECT_GE(replicas[0], 3);
    EXPECT_LE(replicas[1], 2);
  }
}

TEST_F(PlacementTest, WhoShutsDownOrHasAllDirectoriesCordonedGetsNoReplicas) {
  put_shutting_down(1);
  auto cordoned = broker(2);
  cordoned.cordoned_log_dirs = std::vector{directory(2)};
  put(cordoned);
  auto half = broker(3);
  half.log_dirs = {directory(3, 0), directory(3, 1)};
  half.cordoned_log_dirs = std::vector{directory(3, 1)};
  put(half);
  EXPECT_EQ(usable_brokers(image()), 2u);
  for (const Nodes& replicas : place(20, 2)) EXPECT_EQ(std::set(replicas.begin(), replicas.end()), (std::set{3, 4}));
  EXPECT_EQ(place_replicas(image(), entropy, 1, 3).error().code, Errc::invalid_replication_factor);
}

TEST_F(PlacementTest, WithoutAnUnfencedBrokerNothingIsPlaced) {
  for (NodeId id = 1; id <= 4; ++id) put_fenced(id);
  EXPECT_EQ(place_replicas(image(), entropy, 1, 1).error().code, Errc::invalid_replication_factor);
}

}  // namespace
}  // namespace leat::metadata
