/* Sends numbered records until it is stopped, and prints every one that was acknowledged: `PARTITION OFFSET NAME-NUMBER`.
 *
 *   acked_producer BOOTSTRAP TOPIC PARTITIONS NAME CODEC
 *
 * acks=all and no retries, so that no record can be in the log twice. It ends at the first record that is not
 * acknowledged, once all that were under way have been reported. */
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool broken;

static void on_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client;
  (void)opaque;
  if (message->err) {
    broken = true;
  } else {
    printf("%d %lld %.*s\n", (int)message->partition, (long long)message->offset, (int)message->key_len,
           (const char *)message->key);
  }
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: acked_producer BOOTSTRAP TOPIC PARTITIONS NAME CODEC\n");
    return 2;
  }
  const int partitions = atoi(argv[3]);
  const char *const settings[][2] = {{"bootstrap.servers", argv[1]},
                                     {"acks", "all"},
                                     {"message.send.max.retries", "0"},
                                     {"enable.idempotence", "false"},
                                     {"compression.codec", argv[5]},
                                     {"linger.ms", "1"},
                                     /* What is under way is what a kill can lose: little, and often. */
                                     {"batch.num.messages", "100"},
                                     {"queue.buffering.max.messages", "2000"},
                                     {"message.timeout.ms", "10000"},
                                     {"log_level", "0"}};
  char error[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  for (size_t n = 0; n < sizeof settings / sizeof *settings; ++n) {
    if (rd_kafka_conf_set(conf, settings[n][0], settings[n][1], error, sizeof error) != RD_KAFKA_CONF_OK) {
      fprintf(stderr, "acked_producer: %s\n", error);
      return 2;
    }
  }
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (!client) {
    fprintf(stderr, "acked_producer: %s\n", error);
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);

  char value[400];
  for (size_t n = 0; n < sizeof value; ++n) value[n] = (char)('a' + n * n % 26);
  for (long number = 0; !broken; ++number) {
    char key[64];
    const int key_size = snprintf(key, sizeof key, "%s-%ld", argv[4], number);
    rd_kafka_resp_err_t refused;
    do {
      refused = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(argv[2]), RD_KAFKA_V_PARTITION((int)(number % partitions)),
                                  RD_KAFKA_V_KEY(key, (size_t)key_size),
                                  RD_KAFKA_V_VALUE(value, (size_t)(number * 37 % (long)sizeof value)),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
      rd_kafka_poll(client, refused ? 5 : 0);
    } while (refused == RD_KAFKA_RESP_ERR__QUEUE_FULL && !broken);
  }
  rd_kafka_flush(client, 20000);
  rd_kafka_destroy(client);
  return 0;
}
