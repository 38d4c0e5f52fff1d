#include <leat/admin.h>

#include "client/access.h"
#include "client/admin_core.h"

namespace leat {

struct Admin::Impl {
  std::shared_ptr<client::Host> host;
  std::unique_ptr<client::AdminCore> core;

  ~Impl() {
    if (!host->fork.is_child()) return;
    new auto(std::move(host));
    new auto(std::move(core));
  }

  template <class F>
  auto run(F call) const -> decltype(call(*core)) {
    if (auto ok = host->check(); !ok) return std::move(ok).error();
    FatalScope scope(host->on_fatal);
    return call(*core);
  }
};

Admin::Admin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Admin::Admin(Admin&&) noexcept = default;
Admin& Admin::operator=(Admin&&) noexcept = default;
Admin::~Admin() = default;

Result<void> Admin::create_topic(const std::string& name, const TopicOptions& options) {
  return impl_->run([&](auto& core) { return core.create_topic(name, options); });
}
Result<void> Admin::delete_topic(const std::string& name) {
  return impl_->run([&](auto& core) { return core.delete_topic(name); });
}
Result<void> Admin::grow_topic(const std::string& name, std::int32_t partitions) {
  return impl_->run([&](auto& core) { return core.grow_topic(name, partitions); });
}
Result<void> Admin::alter_topic(const std::string& name,
                                const std::map<std::string, std::optional<std::string>>& configs) {
  return impl_->run([&](auto& core) { return core.alter_topic(name, configs); });
}
Result<std::int64_t> Admin::delete_records(const std::string& topic, std::int32_t partition,
                                           std::optional<std::int64_t> before) {
  return impl_->run([&](auto& core) { return core.delete_records(topic, partition, before); });
}
Result<std::vector<TopicDescription>> Admin::topics() {
  return impl_->run([](auto& core) { return core.topics(); });
}
Result<TopicDescription> Admin::describe_topic(const std::string& name) {
  return impl_->run([&](auto& core) { return core.describe_topic(name); });
}
Result<std::vector<GroupListing>> Admin::list_groups(const std::vector<std::string>& states) {
  return impl_->run([&](auto& core) { return core.groups().list(states); });
}
Result<GroupDescription> Admin::describe_group(const std::string& name) {
  return impl_->run([&](auto& core) { return core.groups().describe(name); });
}
Result<std::vector<GroupDescription>> Admin::describe_groups(const std::vector<std::string>& names) {
  return impl_->run([&](auto& core) { return core.groups().describe(names); });
}
Result<Offsets> Admin::group_offsets(const std::string& name) {
  return impl_->run([&](auto& core) { return core.groups().offsets(name); });
}
Result<void> Admin::delete_group(const std::string& name) {
  return impl_->run([&](auto& core) { return core.groups().remove(name); });
}
Result<void> Admin::alter_group_offsets(const std::string& name, const Offsets& offsets) {
  return impl_->run([&](auto& core) { return core.groups().commit(name, offsets); });
}
Result<void> Admin::delete_group_offsets(const std::string& name, const std::vector<TopicPartition>& partitions) {
  return impl_->run([&](auto& core) { return core.groups().remove_offsets(name, partitions); });
}

namespace client {

Admin Access::admin(std::shared_ptr<Host> host, std::shared_ptr<Channels> channels, AdminOptions options) {
  auto core = std::make_unique<AdminCore>(host, std::move(channels), std::move(options));
  return Admin(std::unique_ptr<Admin::Impl>(new Admin::Impl{std::move(host), std::move(core)}));
}

}  // namespace client
}  // namespace leat
