#pragma once

#include "world.h"

namespace leat::test {

inline std::int16_t code(Errc error) { return static_cast<std::int16_t>(error); }

/// What a client may rely on, over every kind of Channel. Rules are those of behaviours.md.
class Behaviour : public testing::TestWithParam<WorldKind> {
 protected:
  void open(const Settings& settings = {}) {
    world_ = GetParam().make(settings);
    client_ = std::make_unique<Client>(*world_);
  }
  World& world() { return *world_; }
  Client& client() { return *client_; }
  void restart() {
    client_.reset();
    world_->restart();
    client_ = std::make_unique<Client>(*world_);
  }

 private:
  std::unique_ptr<World> world_;
  std::unique_ptr<Client> client_;
};

}  // namespace leat::test
