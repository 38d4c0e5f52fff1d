#include "quorum/metadata_follower.h"

#include <algorithm>

#include "base/errors.h"

namespace leat::quorum {
namespace {

constexpr const char* topic_name = "__cluster_metadata";
constexpr std::chrono::milliseconds wait_max{500};

using protocol::FetchRequest;
using protocol::FetchResponse;
using protocol::FetchSnapshotRequest;
using protocol::FetchSnapshotResponse;

}  // namespace

MetadataFollower::MetadataFollower(Environment environment, Options options, std::unique_ptr<MetadataLog> log,
                                   Listener listener)
    : environment_(std::move(environment)),
      options_(std::move(options)),
      listener_(std::move(listener)),
      log_(std::move(log)),
      next_server_(static_cast<std::size_t>(environment_.entropy.next())) {}

void MetadataFollower::start() {
  environment_.executor.post([weak = weak_from_this()] {
    if (auto self = weak.lock()) self->ask();
  });
}

std::optional<MetadataFollower::Leader> MetadataFollower::leader() const {
  std::lock_guard lock(mutex_);
  return leader_;
}

Instant MetadataFollower::as_of() const {
  std::lock_guard lock(mutex_);
  return as_of_;
}

Result<void> MetadataFollower::close() {
  std::shared_ptr<protocol::NodeLink> link;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return {};
    link.swap(link_);
    if (timer_ != TimerId::none) environment_.executor.cancel(timer_);
  }
  if (link) link->close();
  std::lock_guard working(working_);
  return log_->close();
}

void MetadataFollower::ask() {
  std::unique_lock working(working_);
  {
    std::lock_guard lock(mutex_);
    timer_ = TimerId::none;
    if (closed_) return;
  }
  const bool downloads = download_.has_value();
  auto fetch = downloads ? FetchRequest() : fetch_request();
  auto snapshot = downloads ? snapshot_request() : FetchSnapshotRequest();
  working.unlock();
  if (downloads) send<FetchSnapshotRequest, FetchSnapshotResponse>(std::move(snapshot));
  else send<FetchRequest, FetchResponse>(std::move(fetch));
}

void MetadataFollower::ask_later() {
  std::lock_guard lock(mutex_);
  if (closed_) return;
  timer_ = environment_.executor.at(environment_.executor.now() + options_.backoff, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->ask();
  });
}

std::shared_ptr<protocol::NodeLink> MetadataFollower::link() {
  Address address;
  {
    std::lock_guard lock(mutex_);
    if (closed_ || (link_ && link_->is_alive())) return link_;
    address = leader_ ? leader_->address : options_.servers[next_server_++ % options_.servers.size()];
  }
  auto link = std::make_shared<protocol::NodeLink>(environment_.executor,
                                                   environment_.connector.connect(address.host, address.port),
                                                   "leat-metadata-" + std::to_string(options_.id));
  link->open(environment_.executor.now() + options_.request_timeout);
  std::unique_lock lock(mutex_);
  if (!closed_) return link_ = link;
  lock.unlock();
  link->close();
  return nullptr;
}

template <class Request, class Response>
void MetadataFollower::send(Request request) {
  const auto to = link();
  if (!to) return;
  protocol::Call call;
  call.schema = &Request::schema();
  const Instant asked_at = environment_.executor.now();
  call.deadline = asked_at + options_.request_timeout + wait_max;
  call.build = [request = std::move(request)](std::int16_t) mutable { return protocol::AnyMessage(std::move(request)); };
  call.done = [weak = weak_from_this(), asked_at](Result<protocol::Reply> reply) {
    const auto self = weak.lock();
    if (!self) return;
    Response* response = reply ? reply->template get<Response>() : nullptr;
    if (!response) {
      self->lose_leader();
      return self->ask_later();
    }
    Result<bool> goes_on = false;
    {
      std::lock_guard working(self->working_);
      {
        std::lock_guard lock(self->mutex_);
        if (self->closed_) return;
      }
      goes_on = self->take(*response);
      if (goes_on) self->note_age(*response, asked_at);
    }
    if (!goes_on) {
      self->environment_.diagnostics.say(LogLevel::error, "the copy of the metadata log stands still until this broker is "
                                                          "started again: " + goes_on.error().to_string());
    } else if (*goes_on) {
      self->ask();
    } else {
      self->ask_later();
    }
  };
  to->send(std::move(call));
}

FetchRequest MetadataFollower::fetch_request() const {
  FetchRequest request;
  request.cluster_id = options_.cluster_id;
  request.replica_state = {options_.id, -1};
  request.max_wait_ms = static_cast<std::int32_t>(wait_max.count());
  request.max_bytes = options_.fetch_bytes_max;
  request.session_epoch = -1;
  auto& topic = request.topics.emplace_back();
  topic.topic_id = Uuid::metadata_topic();
  auto& partition = topic.partitions.emplace_back();
  partition.current_leader_epoch = log_->epoch();
  partition.fetch_offset = log_->end();
  partition.last_fetched_epoch = log_->last_epoch();
  partition.partition_max_bytes = options_.fetch_bytes_max;
  partition.replica_directory_id = options_.directory_id;
  partition.high_watermark = log_->high_watermark();
  return request;
}

FetchSnapshotRequest MetadataFollower::snapshot_request() const {
  FetchSnapshotRequest request;
  request.cluster_id = options_.cluster_id;
  request.replica_id = options_.id;
  request.max_bytes = options_.fetch_bytes_max;
  auto& topic = request.topics.emplace_back();
  topic.name = topic_name;
  auto& partition = topic.partitions.emplace_back();
  partition.current_leader_epoch = log_->epoch();
  partition.snapshot_id = {download_->id.end, download_->id.epoch};
  partition.position = static_cast<std::int64_t>(download_->position);
  partition.replica_directory_id = options_.directory_id;
  return request;
}

void MetadataFollower::lose_leader() {
  std::shared_ptr<protocol::NodeLink> link;
  {
    std::lock_guard lock(mutex_);
    leader_.reset();
    link.swap(link_);
  }
  if (link) link->close();
}

template <class Response>
Result<void> MetadataFollower::note_leader(NodeId id, LeaderEpoch epoch, const Response& response) {
  std::shared_ptr<protocol::NodeLink> old;
  const auto at = std::ranges::find(response.node_endpoints, id, [](const auto& node) { return node.node_id; });
  const bool is_known = at != response.node_endpoints.end();
  if (epoch < log_->epoch() || id < 0 || !is_known) return {};
  if (epoch > log_->epoch()) {
    LEAT_CHECK(log_->follow(id, epoch));
    environment_.diagnostics.say(LogLevel::info, "the metadata of epoch " + std::to_string(epoch) + " come from node " +
                                                     std::to_string(id) + " at " + at->host + ":" + std::to_string(at->port));
  }
  const Leader found{id, epoch, {at->host, at->port}};
  {
    std::lock_guard lock(mutex_);
    const bool moves = !leader_ || leader_->address != found.address;
    leader_ = found;
    // Whoever told it may have been another node.
    if (moves) old.swap(link_);
  }
  if (old) old->close();
  return {};
}

Result<bool> MetadataFollower::take(FetchResponse& response) {
  const auto top = static_cast<Errc>(response.error_code);
  if (top != Errc::none || response.responses.size() != 1 || response.responses[0].partitions.size() != 1) {
    if (top == Errc::inconsistent_cluster_id)
      return Error{top, "the controller belongs to another cluster than " + options_.cluster_id};
    lose_leader();
    return false;
  }
  auto& data = response.responses[0].partitions[0];
  if (data.error_code != 0) {
    const auto before = leader();
    LEAT_CHECK(note_leader(data.current_leader.leader_id, data.current_leader.leader_epoch, response));
    if (leader() == before) {
      lose_leader();
      return false;
    }
    return true;
  }
  LEAT_CHECK(note_leader(data.current_leader.leader_id, data.current_leader.leader_epoch, response));
  if (data.snapshot_id.end_offset >= 0) {
    LEAT_CHECK(begin_download({data.snapshot_id.end_offset, data.snapshot_id.epoch}));
    return true;
  }
  if (data.diverging_epoch.epoch >= 0) {
    LEAT_CHECK(log_->truncate({data.diverging_epoch.epoch, data.diverging_epoch.end_offset}));
    return true;
  }
  LEAT_TRY(const Payload batches, data.records.in_memory());
  if (auto appended = log_->append_fetched(batches.memory()); !appended) {
    if (appended.error().code != Errc::corrupt_message) return std::move(appended).error();
    environment_.diagnostics.say(LogLevel::warning, "the metadata log: " + appended.error().to_string() + "; asking again");
    return false;
  }
  LEAT_CHECK(commit(data.high_watermark));
  return true;
}

Result<void> MetadataFollower::commit(Offset high_watermark) {
  const Offset before = log_->high_watermark();
  log_->commit(high_watermark);
  if (log_->high_watermark() > before) LEAT_CHECK(log_->replay(log_->high_watermark(), listener_.committed));
  if (log_->high_watermark() >= high_watermark) listener_.caught_up(high_watermark);
  return {};
}

void MetadataFollower::note_age(const FetchResponse& response, Instant asked_at) {
  if (response.responses.size() != 1 || response.responses[0].partitions.size() != 1) return;
  const auto& data = response.responses[0].partitions[0];
  if (data.error_code != 0 || log_->high_watermark() < data.high_watermark) return;
  std::lock_guard lock(mutex_);
  as_of_ = asked_at;
}

Result<void> MetadataFollower::begin_download(const SnapshotId& id) {
  Download download{.id = id, .file = nullptr};
  LEAT_TRY(download.file, environment_.volume.open(log_->directory() + "/" + snapshot_name(id) + ".part",
                                                   io::OpenMode::create_truncate));
  download_ = std::move(download);
  return {};
}

Result<bool> MetadataFollower::take(FetchSnapshotResponse& response) {
  const auto* data = response.topics.size() == 1 && response.topics[0].partitions.size() == 1
                         ? &response.topics[0].partitions[0]
                         : nullptr;
  if (response.error_code != 0 || !data || data->error_code != 0 || data->unaligned_records.empty()) {
    download_.reset();  // a newer one may have taken its place: the next fetch says which
    if (!data) lose_leader();
    return false;
  }
  LEAT_TRY(const Payload bytes, data->unaligned_records.in_memory());
  LEAT_CHECK(download_->file->write_at(download_->position, bytes.memory()));
  download_->position += bytes.memory().size();
  if (download_->position >= static_cast<std::uint64_t>(data->size)) LEAT_CHECK(end_download());
  return true;
}

Result<void> MetadataFollower::end_download() {
  const Download done = *std::exchange(download_, std::nullopt);
  const std::string path = log_->directory() + "/" + snapshot_name(done.id);
  LEAT_CHECK(done.file->sync());
  LEAT_CHECK(environment_.volume.rename(path + ".part", path));
  LEAT_CHECK(environment_.volume.sync_directory(log_->directory()));
  LEAT_CHECK(log_->restart_with(done.id));
  listener_.restarted();
  return log_->replay(done.id.end, listener_.committed);
}

}  // namespace leat::quorum
