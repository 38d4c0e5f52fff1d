#include "config/known_keys.h"

#include <algorithm>
#include <tuple>

namespace leat::config {

namespace {

constexpr std::nullopt_t unset = std::nullopt;

constexpr KnownKey keys[] = {
#include "config/known_keys.inc"
};

constexpr auto order = [](const KnownKey& key) { return std::tuple(key.scope, key.name); };
static_assert(std::ranges::is_sorted(keys, {}, order));

}  // namespace

std::span<const KnownKey> known_keys() noexcept { return keys; }

const KnownKey* find_known_key(Scope scope, std::string_view name) noexcept {
  const auto found = std::ranges::lower_bound(keys, std::tuple(scope, name), {}, order);
  return found != std::end(keys) && found->scope == scope && found->name == name ? found : nullptr;
}

}  // namespace leat::config
