#include "broker/conversation.h"

#include <exception>

#include "broker/forward.h"

namespace leat::broker {

void Conversation::submit(const Api& api, RequestContext context, protocol::AnyMessage request,
                          Deliver deliver) {
  auto entry = std::make_shared<Entry>();
  entry->api = &api;
  entry->context = std::move(context);
  entry->request = std::move(request);
  entry->deliver = std::move(deliver);
  add(std::move(entry));
}

void Conversation::submit_answer(Answer answer, Deliver deliver) {
  auto entry = std::make_shared<Entry>();
  entry->answer = std::move(answer);
  entry->deliver = std::move(deliver);
  entry->state = State::answered;
  add(std::move(entry));
}

void Conversation::add(std::shared_ptr<Entry> entry) {
  std::unique_lock lock(mutex_);
  if (closed_) return;
  entries_.push_back(std::move(entry));
  pump(std::move(lock));
}

std::size_t Conversation::outstanding() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

void Conversation::close() {
  std::deque<std::shared_ptr<Entry>> dropped;  // what they hold may be the last of us, and goes under no lock
  std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(entries_);
}

void Conversation::abandon() {
  std::deque<std::shared_ptr<Entry>> left;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(entries_);
  }
  for (const auto& entry : left) entry->deliver({.close = true, .failed = true});
}

std::shared_ptr<Conversation::Entry> Conversation::next_to_start() const {
  for (const auto& entry : entries_) {
    if (entry->state == State::waiting)
      return entry == entries_.front() || entry->api->key == protocol::ApiKey::produce ? entry : nullptr;
    if (entry->api == nullptr || entry->api->key != protocol::ApiKey::produce) return nullptr;
  }
  return nullptr;
}

void Conversation::pump(std::unique_lock<std::mutex> lock) {
  if (pumping_) return;
  pumping_ = true;
  bool delivered = false;
  for (;;) {
    if (!entries_.empty() && entries_.front()->state == State::answered) {
      auto entry = std::move(entries_.front());
      entries_.pop_front();
      lock.unlock();
      entry->deliver(std::move(entry->answer));
      delivered = true;
      lock.lock();
    } else if (auto entry = next_to_start()) {
      entry->state = State::running;
      lock.unlock();
      start(entry);
      lock.lock();
    } else {
      break;
    }
  }
  pumping_ = false;
  lock.unlock();
  if (delivered && on_quiet_) on_quiet_();
}

void Conversation::start(const std::shared_ptr<Entry>& entry) {
  try {
    Respond respond = [self = shared_from_this(), entry](Answer answer) { self->answered(entry, std::move(answer)); };
    if (entry->api->forwarded) forward(services_, *entry->api, entry->context, entry->request, std::move(respond));
    else entry->api->handle(services_, entry->context, entry->request, std::move(respond));
  } catch (const std::exception& failure) {
    // Memory is exhausted: the request fails as a whole, the broker goes on.
    services_.environment.diagnostics.say(LogLevel::error, std::string("a request failed: ") + failure.what());
    answered(entry, {.close = true, .failed = true});
  }
}

void Conversation::answered(const std::shared_ptr<Entry>& entry, Answer answer) {
  std::unique_lock lock(mutex_);
  if (closed_ || entry->state == State::answered) return;
  entry->answer = std::move(answer);
  entry->state = State::answered;
  entry->request = {};
  pump(std::move(lock));
}

}  // namespace leat::broker
