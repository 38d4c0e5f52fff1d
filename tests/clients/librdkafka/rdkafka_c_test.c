/* librdkafka's C API against a running leatd.
 *
 *   rdkafka_c_test BOOTSTRAP BOOTSTRAP_WITHOUT_AUTO_CREATION
 *
 * A line for each case, and last `N passed, N failed`. */
#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { patience_ms = 60000 };

static const char *bootstrap;
static const char *bootstrap_without_auto_creation;

static bool fail(int line, const char *condition, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("     line %d: %s: ", line, condition);
  vprintf(format, arguments);
  printf("\n");
  va_end(arguments);
  return false;
}
#define CHECK(condition, ...)                                              \
  do {                                                                     \
    if (!(condition)) return fail(__LINE__, #condition, __VA_ARGS__);      \
  } while (0)
#define CHECK_OK(call)                                                     \
  do {                                                                     \
    rd_kafka_resp_err_t checked = (call);                                  \
    if (checked) return fail(__LINE__, #call, "%s", rd_kafka_err2name(checked)); \
  } while (0)

/* What delivery reports said, in their order. */
struct reports {
  int delivered;
  int failed;
  int without_offset;
  rd_kafka_resp_err_t last_error;
  int64_t last_offset;
  bool out_of_order;
};

static void on_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  struct reports *reports = opaque;
  (void)client;
  if (message->err) {
    ++reports->failed;
    reports->last_error = message->err;
    return;
  }
  ++reports->delivered;
  if (message->offset < 0) ++reports->without_offset;
  if (message->offset >= 0 && message->offset <= reports->last_offset) reports->out_of_order = true;
  reports->last_offset = message->offset;
}

/* Settings are pairs of name and value, ended by NULL. */
static rd_kafka_t *client_at(const char *address, rd_kafka_type_t type, struct reports *reports, ...) {
  char error[512];
  va_list settings;
  va_start(settings, reports);
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", address, error, sizeof error);
  for (const char *name; (name = va_arg(settings, const char *));) {
    if (rd_kafka_conf_set(conf, name, va_arg(settings, const char *), error, sizeof error) != RD_KAFKA_CONF_OK) {
      fprintf(stderr, "%s\n", error);
      exit(2);
    }
  }
  va_end(settings);
  if (reports) {
    *reports = (struct reports){.last_offset = -1};
    rd_kafka_conf_set_opaque(conf, reports);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  }
  rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
  if (!client) {
    fprintf(stderr, "%s\n", error);
    exit(2);
  }
  return client;
}
#define producer(...) client_at(bootstrap, RD_KAFKA_PRODUCER, __VA_ARGS__)

static rd_kafka_t *reader(void) {
  rd_kafka_t *client = client_at(bootstrap, RD_KAFKA_CONSUMER, NULL, "group.id", "unused", "enable.auto.commit", "false", "enable.partition.eof",
                                 "true", "auto.offset.reset", "error", NULL);
  rd_kafka_poll_set_consumer(client);
  return client;
}

static bool put(rd_kafka_t *client, const char *topic, int partition, const char *key, const void *value, size_t size) {
  for (;;) {
    rd_kafka_resp_err_t error = rd_kafka_producev(
        client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_KEY(key, key ? strlen(key) : 0),
        RD_KAFKA_V_VALUE((void *)value, size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) return error == RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_poll(client, 10);
  }
}

/* Sends "0", "1", ... to a partition and waits for all reports. */
static bool send_numbers(rd_kafka_t *client, const char *topic, int partition, int count) {
  for (int n = 0; n < count; ++n) {
    char value[16];
    int size = snprintf(value, sizeof value, "%d", n);
    CHECK(put(client, topic, partition, NULL, value, (size_t)size), "message %d", n);
    rd_kafka_poll(client, 0);
  }
  CHECK_OK(rd_kafka_flush(client, patience_ms));
  return true;
}

static bool assign_from(rd_kafka_t *client, const char *topic, int partitions, int64_t offset) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; ++p) rd_kafka_topic_partition_list_add(list, topic, p)->offset = offset;
  CHECK_OK(rd_kafka_assign(client, list));
  rd_kafka_topic_partition_list_destroy(list);
  return true;
}

/* Reads partitions 0 to partitions-1 to their ends and expects "0", "1", ... from each, at these offsets. */
static bool expect_numbers(const char *topic, int partitions, int count) {
  rd_kafka_t *client = reader();
  if (!assign_from(client, topic, partitions, RD_KAFKA_OFFSET_BEGINNING)) return false;
  int seen[16] = {0};
  for (int ends = 0; ends < partitions;) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, patience_ms);
    CHECK(message, "nothing came");
    int p = message->partition;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ++ends;
    } else {
      CHECK_OK(message->err);
      char expected[16];
      int size = snprintf(expected, sizeof expected, "%d", seen[p]);
      CHECK(message->len == (size_t)size && !memcmp(message->payload, expected, message->len),
            "partition %d, offset %ld: %.*s instead of %s", p, (long)message->offset, (int)message->len,
            (const char *)message->payload, expected);
      CHECK(message->offset == seen[p], "offset %ld of message %d", (long)message->offset, seen[p]);
      ++seen[p];
    }
    rd_kafka_message_destroy(message);
  }
  for (int p = 0; p < partitions; ++p) CHECK(seen[p] == count, "partition %d has %d of %d", p, seen[p], count);
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  return true;
}

/* One admin request of one topic; returns what the broker said of the topic. */
enum admin_kind { create, delete, add_partitions };

static rd_kafka_resp_err_t admin(enum admin_kind kind, const char *topic, int partitions) {
  struct reports ignored;
  rd_kafka_t *client = producer(&ignored, NULL);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_ANY);
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options, patience_ms, text, sizeof text);
  if (kind == create) {
    rd_kafka_NewTopic_t *request = rd_kafka_NewTopic_new(topic, partitions, -1, text, sizeof text);
    rd_kafka_CreateTopics(client, &request, 1, options, queue);
    rd_kafka_NewTopic_destroy(request);
  } else if (kind == delete) {
    rd_kafka_DeleteTopic_t *request = rd_kafka_DeleteTopic_new(topic);
    rd_kafka_DeleteTopics(client, &request, 1, options, queue);
    rd_kafka_DeleteTopic_destroy(request);
  } else {
    rd_kafka_NewPartitions_t *request = rd_kafka_NewPartitions_new(topic, (size_t)partitions, text, sizeof text);
    rd_kafka_CreatePartitions(client, &request, 1, options, queue);
    rd_kafka_NewPartitions_destroy(request);
  }
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, patience_ms);
  rd_kafka_resp_err_t error = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (!error) {
    size_t count = 0;
    const rd_kafka_topic_result_t **results =
        kind == create   ? rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
        : kind == delete ? rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count)
                         : rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &count);
    error = count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
  }
  if (event) rd_kafka_event_destroy(event);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_queue_destroy(queue);
  rd_kafka_destroy(client);
  return error;
}

/* What Metadata says of a topic; `partitions` is set where there is no error. */
static rd_kafka_resp_err_t look_up(const char *topic, int *partitions) {
  struct reports ignored;
  rd_kafka_t *client = producer(&ignored, NULL);
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_resp_err_t error = rd_kafka_metadata(client, 1, NULL, &metadata, patience_ms);
  if (!error) {
    error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    for (int t = 0; t < metadata->topic_cnt; ++t) {
      if (strcmp(metadata->topics[t].topic, topic)) continue;
      error = metadata->topics[t].err;
      *partitions = metadata->topics[t].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
  }
  rd_kafka_destroy(client);
  return error;
}

static bool delivers(const char *topic, const char *acks, int count) {
  struct reports reports;
  rd_kafka_t *client = producer(&reports, "acks", acks, NULL);
  if (!send_numbers(client, topic, 0, count)) return false;
  CHECK(reports.delivered == count && !reports.failed, "%d delivered, %d failed", reports.delivered, reports.failed);
  CHECK(!reports.out_of_order, "the offsets of reports do not rise");
  if (strcmp(acks, "0")) {
    CHECK(!reports.without_offset, "%d reports without an offset", reports.without_offset);
    CHECK(reports.last_offset == count - 1, "the last offset is %ld", (long)reports.last_offset);
  }
  rd_kafka_destroy(client);
  return true;
}

static bool acks_all(void) { return delivers("c-acks-all", "all", 10000) && expect_numbers("c-acks-all", 1, 10000); }
static bool acks_one(void) { return delivers("c-acks-1", "1", 10000) && expect_numbers("c-acks-1", 1, 10000); }

static bool acks_none(void) {
  CHECK_OK(admin(create, "c-acks-0", 1));
  if (!delivers("c-acks-0", "0", 10000)) return false;
  /* Nobody answers, so what follows on the same broker with an answer may overtake; the end tells when all is in. */
  rd_kafka_t *client = reader();
  int64_t low = 0, high = 0;
  for (int tries = 0; high < 10000 && tries < 1000; ++tries) {
    CHECK_OK(rd_kafka_query_watermark_offsets(client, "c-acks-0", 0, &low, &high, patience_ms));
  }
  CHECK(high == 10000, "high watermark %ld", (long)high);
  rd_kafka_destroy(client);
  return expect_numbers("c-acks-0", 1, 10000);
}

static bool codec_round_trip(const char *codec) {
  char topic[64];
  snprintf(topic, sizeof topic, "c-codec-%s", codec);
  CHECK_OK(admin(create, topic, 3));
  struct reports reports;
  rd_kafka_t *client = producer(&reports, "acks", "all", "compression.codec", codec, NULL);
  for (int p = 0; p < 3; ++p) {
    reports.last_offset = -1;
    if (!send_numbers(client, topic, p, 3000)) return false;
  }
  CHECK(reports.delivered == 9000, "%d delivered, last error %s", reports.delivered, rd_kafka_err2name(reports.last_error));
  rd_kafka_destroy(client);
  return expect_numbers(topic, 3, 3000);
}

static bool codec_none(void) { return codec_round_trip("none"); }
static bool codec_gzip(void) { return codec_round_trip("gzip"); }
static bool codec_snappy(void) { return codec_round_trip("snappy"); }
static bool codec_lz4(void) { return codec_round_trip("lz4"); }
static bool codec_zstd(void) { return codec_round_trip("zstd"); }

static bool large_messages_among_small_ones(void) {
  enum { large = 900000, count = 40 };
  char *value = malloc(large);
  struct reports reports;
  rd_kafka_t *client = producer(&reports, "acks", "all", NULL);
  for (int n = 0; n < count; ++n) {
    memset(value, 'a' + n % 26, large);
    CHECK(put(client, "c-large", 0, NULL, value, n % 2 ? large : 10), "message %d", n);
  }
  CHECK_OK(rd_kafka_flush(client, patience_ms));
  CHECK(reports.delivered == count, "%d delivered", reports.delivered);
  rd_kafka_destroy(client);

  client = reader();
  if (!assign_from(client, "c-large", 1, 0)) return false;
  for (int n = 0; n < count; ++n) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, patience_ms);
    CHECK(message, "nothing came");
    CHECK_OK(message->err);
    memset(value, 'a' + n % 26, large);
    CHECK(message->len == (n % 2 ? large : 10) && !memcmp(message->payload, value, message->len), "message %d", n);
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  free(value);
  return true;
}

static bool too_large_for_the_broker(void) {
  enum { size = 2000000 };
  char *value = calloc(1, size);
  struct reports reports;
  rd_kafka_t *client = producer(&reports, "acks", "all", "message.max.bytes", "4000000", NULL);
  CHECK(put(client, "c-too-large", 0, NULL, value, size), "produce");
  CHECK_OK(rd_kafka_flush(client, patience_ms));
  CHECK(reports.failed == 1 && reports.last_error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "%s",
        rd_kafka_err2name(reports.last_error));
  rd_kafka_destroy(client);
  free(value);
  return true;
}

static bool several_partitions_in_order(void) {
  enum { partitions = 8, count = 2000 };
  CHECK_OK(admin(create, "c-several", partitions));
  struct reports reports;
  rd_kafka_t *client = producer(&reports, "acks", "all", "linger.ms", "1", NULL);
  for (int n = 0; n < count; ++n) {
    for (int p = 0; p < partitions; ++p) {
      char value[16];
      int size = snprintf(value, sizeof value, "%d", n);
      CHECK(put(client, "c-several", p, NULL, value, (size_t)size), "message %d", n);
    }
    rd_kafka_poll(client, 0);
  }
  CHECK_OK(rd_kafka_flush(client, patience_ms));
  CHECK(reports.delivered == partitions * count, "%d delivered", reports.delivered);
  rd_kafka_destroy(client);
  return expect_numbers("c-several", partitions, count);
}

static bool watermarks(void) {
  CHECK_OK(admin(create, "c-watermarks", 1));
  rd_kafka_t *client = reader();
  int64_t low = -1, high = -1;
  CHECK_OK(rd_kafka_query_watermark_offsets(client, "c-watermarks", 0, &low, &high, patience_ms));
  CHECK(low == 0 && high == 0, "empty: %ld to %ld", (long)low, (long)high);
  if (!delivers("c-watermarks", "all", 123)) return false;
  CHECK_OK(rd_kafka_query_watermark_offsets(client, "c-watermarks", 0, &low, &high, patience_ms));
  CHECK(low == 0 && high == 123, "%ld to %ld", (long)low, (long)high);
  CHECK(rd_kafka_query_watermark_offsets(client, "c-watermarks", 7, &low, &high, 3000), "of a partition that is not there");
  rd_kafka_destroy(client);
  return true;
}

static bool offset_for(rd_kafka_t *client, const char *topic, int64_t time, int64_t expected) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic, 0)->offset = time;
  CHECK_OK(rd_kafka_offsets_for_times(client, list, patience_ms));
  CHECK_OK(list->elems[0].err);
  CHECK(list->elems[0].offset == expected, "at %ld: %ld, not %ld", (long)time, (long)list->elems[0].offset, (long)expected);
  rd_kafka_topic_partition_list_destroy(list);
  return true;
}

static bool offsets_for_times(void) {
  const int64_t base = 1700000000000;
  struct reports reports;
  rd_kafka_t *client = producer(&reports, "acks", "all", "linger.ms", "0", NULL);
  for (int n = 0; n < 1000; ++n) {
    CHECK_OK(rd_kafka_producev(client, RD_KAFKA_V_TOPIC("c-times"), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE("x", 1),
                               RD_KAFKA_V_TIMESTAMP(base + n * 10), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                               RD_KAFKA_V_END));
    if (n % 100 == 99) CHECK_OK(rd_kafka_flush(client, patience_ms));
  }
  rd_kafka_destroy(client);
  client = reader();
  bool right = offset_for(client, "c-times", base - 5, 0) && offset_for(client, "c-times", base, 0) &&
               offset_for(client, "c-times", base + 1, 1) && offset_for(client, "c-times", base + 5550, 555) &&
               offset_for(client, "c-times", base + 5551, 556) && offset_for(client, "c-times", base + 9990, 999) &&
               offset_for(client, "c-times", base + 9991, RD_KAFKA_OFFSET_END);
  rd_kafka_destroy(client);
  return right;
}

static bool headers(void) {
  struct reports reports;
  rd_kafka_t *client = producer(&reports, "acks", "all", NULL);
  CHECK_OK(rd_kafka_producev(client, RD_KAFKA_V_TOPIC("c-headers"), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE("x", 1),
                             RD_KAFKA_V_HEADER("a", "1", 1), RD_KAFKA_V_HEADER("a", "2", 1),
                             RD_KAFKA_V_HEADER("empty", "", 0), RD_KAFKA_V_HEADER("null", NULL, 0),
                             RD_KAFKA_V_HEADER("binary", "\0\xff\n", 3), RD_KAFKA_V_END));
  CHECK_OK(rd_kafka_flush(client, patience_ms));
  CHECK(reports.delivered == 1, "%s", rd_kafka_err2name(reports.last_error));
  rd_kafka_destroy(client);

  client = reader();
  if (!assign_from(client, "c-headers", 1, 0)) return false;
  rd_kafka_message_t *message = rd_kafka_consumer_poll(client, patience_ms);
  CHECK(message && !message->err, "no message");
  rd_kafka_headers_t *got = NULL;
  CHECK_OK(rd_kafka_message_headers(message, &got));
  static const struct { const char *name, *value; size_t size; } expected[] = {
      {"a", "1", 1}, {"a", "2", 1}, {"empty", "", 0}, {"null", NULL, 0}, {"binary", "\0\xff\n", 3}};
  CHECK(rd_kafka_header_cnt(got) == 5, "%zu headers", rd_kafka_header_cnt(got));
  for (size_t h = 0; h < 5; ++h) {
    const char *name;
    const void *value;
    size_t size;
    CHECK_OK(rd_kafka_header_get_all(got, h, &name, &value, &size));
    CHECK(!strcmp(name, expected[h].name) && size == expected[h].size && !value == !expected[h].value, "header %zu", h);
    CHECK(!value || !memcmp(value, expected[h].value, size), "value of header %zu", h);
  }
  rd_kafka_message_destroy(message);
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  return true;
}

static bool null_and_empty(void) {
  struct reports reports;
  rd_kafka_t *client = producer(&reports, "acks", "all", NULL);
  static const char *const keys[] = {NULL, "", "k"};
  for (int n = 0; n < 9; ++n) {
    CHECK(put(client, "c-nulls", 0, keys[n / 3], keys[n % 3], keys[n % 3] ? strlen(keys[n % 3]) : 0), "message %d", n);
  }
  CHECK_OK(rd_kafka_flush(client, patience_ms));
  rd_kafka_destroy(client);
  client = reader();
  if (!assign_from(client, "c-nulls", 1, 0)) return false;
  for (int n = 0; n < 9; ++n) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, patience_ms);
    CHECK(message && !message->err, "no message %d", n);
    CHECK(!message->key == !keys[n / 3] && !message->payload == !keys[n % 3], "message %d", n);
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  return true;
}

static bool topics_come_and_go(void) {
  int partitions = 0;
  CHECK_OK(admin(create, "c-topic", 2));
  CHECK_OK(look_up("c-topic", &partitions));
  CHECK(partitions == 2, "%d partitions", partitions);
  CHECK(admin(create, "c-topic", 2) == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, "a second time");
  CHECK(admin(create, "not a name!", 2) == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, "a name that is none");
  CHECK_OK(admin(delete, "c-topic", 0));
  CHECK(look_up("c-topic", &partitions) == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "after deletion");
  CHECK(admin(delete, "c-topic", 0) == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "a second time");
  return true;
}

static bool a_topic_made_again_is_empty(void) {
  CHECK_OK(admin(create, "c-again", 1));
  if (!delivers("c-again", "all", 50)) return false;
  CHECK_OK(admin(delete, "c-again", 0));
  CHECK_OK(admin(create, "c-again", 1));
  return delivers("c-again", "all", 7) && expect_numbers("c-again", 1, 7);
}

static bool partitions_are_added(void) {
  int partitions = 0;
  CHECK_OK(admin(create, "c-grown", 1));
  CHECK_OK(admin(add_partitions, "c-grown", 4));
  CHECK_OK(look_up("c-grown", &partitions));
  CHECK(partitions == 4, "%d partitions", partitions);
  CHECK(admin(add_partitions, "c-grown", 2) == RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, "fewer than there are");
  struct reports reports;
  rd_kafka_t *client = producer(&reports, "acks", "all", NULL);
  for (int p = 0; p < 4; ++p) {
    reports.last_offset = -1;
    if (!send_numbers(client, "c-grown", p, 100)) return false;
  }
  rd_kafka_destroy(client);
  return expect_numbers("c-grown", 4, 100);
}

static bool an_unknown_topic_without_auto_creation(void) {
  struct reports reports;
  rd_kafka_t *client = client_at(bootstrap_without_auto_creation, RD_KAFKA_PRODUCER, &reports,
                                 "topic.metadata.propagation.max.ms", "500", NULL);
  CHECK(put(client, "c-nowhere", RD_KAFKA_PARTITION_UA, NULL, "x", 1), "produce");
  CHECK_OK(rd_kafka_flush(client, patience_ms));
  rd_kafka_destroy(client);
  CHECK(reports.failed == 1 && (reports.last_error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                                reports.last_error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART),
        "%s", rd_kafka_err2name(reports.last_error));
  return true;
}

static bool an_offset_out_of_range(void) {
  if (!delivers("c-range", "all", 10)) return false;
  rd_kafka_t *client = reader();
  if (!assign_from(client, "c-range", 1, 1000)) return false;
  rd_kafka_message_t *message = rd_kafka_consumer_poll(client, patience_ms);
  CHECK(message && message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, "%s",
        message ? rd_kafka_err2name(message->err) : "nothing");
  rd_kafka_message_destroy(message);
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  return true;
}

static bool seeking(void) {
  if (!delivers("c-seek", "all", 500)) return false;
  rd_kafka_t *client = reader();
  if (!assign_from(client, "c-seek", 1, 0)) return false;
  static const int64_t wanted[] = {0, 499, 250, 1, 400};
  for (size_t n = 0; n < 5; ++n) {
    if (n) {
      rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
      rd_kafka_topic_partition_list_add(list, "c-seek", 0)->offset = wanted[n];
      rd_kafka_error_t *error = rd_kafka_seek_partitions(client, list, patience_ms);
      CHECK(!error, "%s", rd_kafka_error_string(error));
      rd_kafka_topic_partition_list_destroy(list);
    }
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, patience_ms);
    CHECK(message && !message->err && message->offset == wanted[n], "offset %ld instead of %ld",
          message ? (long)message->offset : -1L, (long)wanted[n]);
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  return true;
}

static bool idempotent_producer(void) {
  CHECK_OK(admin(create, "c-idempotent", 2));
  struct reports reports;
  rd_kafka_t *client = producer(&reports, "enable.idempotence", "true", "linger.ms", "1", NULL);
  for (int p = 0; p < 2; ++p) {
    reports.last_offset = -1;
    if (!send_numbers(client, "c-idempotent", p, 20000)) return false;
  }
  CHECK(reports.delivered == 40000 && !reports.failed, "%d delivered, %s", reports.delivered,
        rd_kafka_err2name(reports.last_error));
  CHECK_OK(rd_kafka_fatal_error(client, NULL, 0));
  rd_kafka_destroy(client);
  return expect_numbers("c-idempotent", 2, 20000);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: rdkafka_c_test BOOTSTRAP BOOTSTRAP_WITHOUT_AUTO_CREATION\n");
    return 2;
  }
  bootstrap = argv[1];
  bootstrap_without_auto_creation = argv[2];
  static const struct { const char *name; bool (*run)(void); } cases[] = {
#define CASE(name) {#name, name}
      CASE(acks_all), CASE(acks_one), CASE(acks_none),
      CASE(codec_none), CASE(codec_gzip), CASE(codec_snappy), CASE(codec_lz4), CASE(codec_zstd),
      CASE(large_messages_among_small_ones), CASE(too_large_for_the_broker), CASE(several_partitions_in_order),
      CASE(watermarks), CASE(offsets_for_times), CASE(headers), CASE(null_and_empty),
      CASE(topics_come_and_go), CASE(a_topic_made_again_is_empty), CASE(partitions_are_added),
      CASE(an_unknown_topic_without_auto_creation), CASE(an_offset_out_of_range), CASE(seeking),
      CASE(idempotent_producer)};
  int passed = 0, failed = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (size_t n = 0; n < sizeof cases / sizeof *cases; ++n) {
    bool ok = cases[n].run();
    printf("%s %s\n", ok ? "ok  " : "FAIL", cases[n].name);
    ++*(ok ? &passed : &failed);
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
