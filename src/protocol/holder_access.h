#pragma once

#include <optional>
#include <vector>

#include "protocol/schema.h"

namespace leat::protocol {

/// The accesses that the generated tables point to; one instance a holder type.
template <class Holder>
struct AccessOf;

template <class T>
struct AccessOf<std::vector<T>> {
  using Holder = std::vector<T>;
  static const void* view(const void* holder, std::size_t& count) {
    // An empty vector may have no storage, and null means something else here.
    static constexpr char empty = 0;
    const auto& elements = *static_cast<const Holder*>(holder);
    count = elements.size();
    return count == 0 ? static_cast<const void*>(&empty) : elements.data();
  }
  static void* make(void* holder, std::size_t count) {
    auto& elements = *static_cast<Holder*>(holder);
    elements = Holder(count);
    return elements.data();
  }
  static constexpr HolderAccess table{sizeof(T), view, make, nullptr};
};

template <class T>
struct AccessOf<std::optional<std::vector<T>>> {
  using Holder = std::optional<std::vector<T>>;
  static const void* view(const void* holder, std::size_t& count) {
    const auto& elements = *static_cast<const Holder*>(holder);
    return elements ? AccessOf<std::vector<T>>::view(&*elements, count) : nullptr;
  }
  static void* make(void* holder, std::size_t count) {
    return static_cast<Holder*>(holder)->emplace(count).data();
  }
  static void set_null(void* holder) { static_cast<Holder*>(holder)->reset(); }
  static constexpr HolderAccess table{sizeof(T), view, make, set_null};
};

template <class T>
struct AccessOf<std::optional<T>> {
  using Holder = std::optional<T>;
  static const void* view(const void* holder, std::size_t& count) {
    const auto& value = *static_cast<const Holder*>(holder);
    count = value ? 1 : 0;
    return value ? &*value : nullptr;
  }
  static void* make(void* holder, std::size_t) { return &static_cast<Holder*>(holder)->emplace(); }
  static void set_null(void* holder) { static_cast<Holder*>(holder)->reset(); }
  static constexpr HolderAccess table{sizeof(T), view, make, set_null};
};

template <class T>
void* make_message() {
  return new T();
}
template <class T>
void destroy_message(void* message) {
  delete static_cast<T*>(message);
}

}  // namespace leat::protocol
