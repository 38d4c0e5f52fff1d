#include "net/endpoints.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/errors.h"

namespace leat::net {

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }

  static Address v4(in_addr host, std::uint16_t port) {
    Address address;
    auto* in = reinterpret_cast<sockaddr_in*>(&address.storage);
    in->sin_family = AF_INET;
    in->sin_addr = host;
    in->sin_port = htons(port);
    address.size = sizeof *in;
    return address;
  }
  static Address v6(in6_addr host, std::uint16_t port) {
    Address address;
    auto* in = reinterpret_cast<sockaddr_in6*>(&address.storage);
    in->sin6_family = AF_INET6;
    in->sin6_addr = host;
    in->sin6_port = htons(port);
    address.size = sizeof *in;
    return address;
  }
};

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first) freeaddrinfo(first);
  }
};

// A numeric host is not looked up: the resolver's libraries take longer to load than the daemon to start.
Result<Address> resolve(const config::Listener& listener) {
  in_addr v4;
  in6_addr v6;
  if (inet_pton(AF_INET, listener.host.c_str(), &v4) == 1) return Address::v4(v4, listener.port);
  if (inet_pton(AF_INET6, listener.host.c_str(), &v6) == 1) return Address::v6(v6, listener.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  AddressList found;
  if (const int failure = getaddrinfo(listener.host.c_str(), nullptr, &hints, &found.first))
    return Error{Errc::invalid_argument, "the host of listener " + listener.to_string() + " is not known (" +
                                             gai_strerror(failure) + "): give an address of this machine"};
  const addrinfo* chosen = found.first;
  for (const addrinfo* one = found.first; one; one = one->ai_next)
    if (one->ai_family == AF_INET) {
      chosen = one;
      break;
    }
  Address address;
  std::memcpy(&address.storage, chosen->ai_addr, chosen->ai_addrlen);
  address.size = chosen->ai_addrlen;
  if (chosen->ai_family == AF_INET)
    reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port = htons(listener.port);
  else
    reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port = htons(listener.port);
  return address;
}

Error refused(const config::Listener& listener, int error) {
  const std::string what = "listener " + listener.to_string() + ": ";
  switch (error) {
    case EADDRINUSE:
      return {Errc::in_use, what + "port " + std::to_string(listener.port) +
                                " is in use by another process: stop it, or set another port in `listeners`"};
    case EADDRNOTAVAIL:
      return {Errc::invalid_argument, what + "this machine has no such address: set one that it has in `listeners`"};
    case EACCES:
      return {Errc::invalid_argument, what + "this user may not listen on port " + std::to_string(listener.port) +
                                          ": set a port above 1023 in `listeners`"};
    default:
      return {Errc::io_error, what + "cannot listen: " + std::strerror(error)};
  }
}

// -1 and errno on failure.
int listen_on(Address address, int backlog) {
  const int descriptor = socket(address.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -1;
  const int on = 1, off = 0;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.get()->sa_family == AF_INET6)  // "all addresses" means those of IPv4 too
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(descriptor, address.get(), address.size) == 0 && listen(descriptor, backlog) == 0) return descriptor;
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return -1;
}

bool stands_for_all(const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

std::string machine_name(const Diagnostics& diagnostics) {
  char name[256] = {};
  addrinfo hints{};
  AddressList found;
  if (gethostname(name, sizeof name - 1) == 0 && name[0] && getaddrinfo(name, nullptr, &hints, &found.first) == 0)
    return name;
  diagnostics.say(LogLevel::warning, "this machine's name (" + std::string(name) +
                                         ") has no address, so clients are told 127.0.0.1: set advertised.listeners "
                                         "if they come from other machines");
  return "127.0.0.1";
}

}  // namespace

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<ListeningSocket> ListeningSocket::open(const config::Listener& listener, int backlog) {
  Address address;
  int descriptor = -1;
  if (listener.host.empty()) {
    address = Address::v6(in6addr_any, listener.port);
    descriptor = listen_on(address, backlog);
    if (descriptor < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {  // a machine without IPv6
      address = Address::v4({htonl(INADDR_ANY)}, listener.port);
      descriptor = listen_on(address, backlog);
    }
  } else {
    LEAT_TRY(address, resolve(listener));
    descriptor = listen_on(address, backlog);
  }
  if (descriptor < 0) return refused(listener, errno);

  ListeningSocket result(listener, descriptor, address.get()->sa_family == AF_INET6);
  Address bound;
  bound.size = sizeof bound.storage;
  if (getsockname(descriptor, bound.get(), &bound.size) != 0) return refused(listener, errno);
  result.listener_.port = ntohs(result.is_v6_ ? reinterpret_cast<sockaddr_in6*>(&bound.storage)->sin6_port
                                              : reinterpret_cast<sockaddr_in*>(&bound.storage)->sin_port);
  return result;
}

Result<std::vector<ListeningSocket>> open_listeners(std::span<const config::Listener> listeners, int backlog) {
  std::vector<ListeningSocket> sockets;
  for (const config::Listener& listener : listeners) {
    LEAT_TRY(ListeningSocket socket, ListeningSocket::open(listener, backlog));
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

std::vector<config::Listener> complete_advertised(std::span<const config::Listener> advertised,
                                                  std::span<const ListeningSocket> sockets,
                                                  const Diagnostics& diagnostics) {
  std::vector<config::Listener> complete(advertised.begin(), advertised.end());
  std::string name;
  for (std::size_t i = 0; i < complete.size(); ++i) {
    if (complete[i].port == 0 && i < sockets.size()) complete[i].port = sockets[i].listener().port;
    if (!stands_for_all(complete[i].host)) continue;
    if (name.empty()) name = machine_name(diagnostics);
    complete[i].host = name;
  }
  return complete;
}

}  // namespace leat::net
