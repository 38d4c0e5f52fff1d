#include "net/tcp_connector.h"

#include <utility>

#include "net/admission.h"
#include "net/tcp_link.h"

namespace leat::net {

namespace {

class TcpChannel : public protocol::Channel {
 public:
  explicit TcpChannel(std::shared_ptr<TcpLink> link) : link_(std::move(link)) {}
  ~TcpChannel() override { close(); }
  void send(protocol::Request request, protocol::ResponseDone done) override {
    link_->send(std::move(request), std::move(done));
  }
  void close() override { link_->close("the channel was closed"); }

 private:
  const std::shared_ptr<TcpLink> link_;
};

}  // namespace

TcpConnector::TcpConnector(TcpConnectorOptions options)
    : options_(options),
      threads_(std::make_shared<IoThreads>(1)),
      alive_(std::make_shared<Admission>(std::size_t(-1), std::size_t(-1))) {}

TcpConnector::~TcpConnector() {
  std::vector<std::shared_ptr<TcpLink>> left;
  for (auto& weak : links_)
    if (auto link = weak.lock()) left.push_back(std::move(link));
  for (auto& link : left) link->close("the connector was closed");
  alive_->wait_until_empty();
  for (auto& link : left) link->orphan();
  threads_->stop();
}

std::shared_ptr<protocol::Channel> TcpConnector::connect(const std::string& host, std::int32_t port) {
  const char* limit = nullptr;
  auto link = std::make_shared<TcpLink>(threads_, alive_->enter({}, limit), options_, host,
                                        static_cast<std::uint16_t>(port));
  {
    std::lock_guard lock(mutex_);
    std::erase_if(links_, [](const auto& weak) { return weak.expired(); });
    links_.push_back(link);
  }
  link->open();
  return std::make_shared<TcpChannel>(std::move(link));
}

}  // namespace leat::net
