#include "broker/controller_link.h"

#include <utility>

namespace leat::broker {

ControllerLink::ControllerLink(Executor& executor, Options options, Connect connect)
    : executor_(executor), options_(std::move(options)), connect_(std::move(connect)) {}

void ControllerLink::add(Question question) {
  std::unique_lock lock(mutex_);
  if (closed_) {
    executor_.post([done = std::move(question.done)] { done(Error{Errc::closed, "the broker was closed"}); });
    return;
  }
  questions_.push_back(std::make_shared<Question>(std::move(question)));
  pump(std::move(lock));
}

void ControllerLink::pump(std::unique_lock<std::mutex> lock) {
  if (is_asking_ || closed_ || questions_.empty()) return;
  is_asking_ = true;
  const auto question = questions_.front();
  auto link = link_ && link_->is_alive() ? link_ : nullptr;
  lock.unlock();
  if (!link) link = connect();
  if (!link) return answered(Error{Errc::disconnected, "no controller is known"});
  protocol::Call call;
  call.schema = question->schema;
  call.deadline = executor_.now() + options_.request_timeout;
  call.build = [question](std::int16_t) { return question->make(); };
  call.done = [weak = weak_from_this()](Result<protocol::Reply> reply) {
    if (auto self = weak.lock()) self->answered(std::move(reply));
  };
  link->send(std::move(call));
}

std::shared_ptr<protocol::NodeLink> ControllerLink::connect() {
  auto channel = connect_();
  if (!channel) return nullptr;
  auto link = std::make_shared<protocol::NodeLink>(executor_, std::move(channel), options_.client_id);
  link->open(executor_.now() + options_.request_timeout);
  std::unique_lock lock(mutex_);
  if (!closed_) return link_ = link;
  lock.unlock();
  link->close();
  return nullptr;
}

void ControllerLink::answered(Result<protocol::Reply> reply) {
  std::unique_lock lock(mutex_);
  if (closed_) return;
  const bool is_final = reply ? !questions_.front()->is_refused(*reply) : reply.error().code == Errc::unsupported_version;
  is_asking_ = false;
  if (is_final) {
    const auto question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    question->done(std::move(reply));
    lock.lock();
    return pump(std::move(lock));
  }
  const auto left = std::exchange(link_, nullptr);
  is_asking_ = true;  // by the timer
  executor_.at(executor_.now() + options_.backoff, [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self) return;
    std::unique_lock again(self->mutex_);
    self->is_asking_ = false;
    self->pump(std::move(again));
  });
  lock.unlock();
  if (left) left->close();
}

void ControllerLink::close() {
  std::deque<std::shared_ptr<Question>> left;
  std::shared_ptr<protocol::NodeLink> link;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(questions_);
    link.swap(link_);
  }
  if (link) link->close();
  for (const auto& question : left)
    executor_.post([question] { question->done(Error{Errc::closed, "the broker was closed"}); });
}

}  // namespace leat::broker
