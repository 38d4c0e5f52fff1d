/* Sends numbered records at a steady pace until it is told to end (SIGTERM), and prints every one that was acknowledged,
 * `PARTITION OFFSET NAME-NUMBER`, or given up, `failed NAME-NUMBER REASON`.
 *
 *   idempotent_producer BOOTSTRAP TOPIC PARTITIONS NAME RECORDS_A_SECOND
 */
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile sig_atomic_t told_to_end;

static void on_signal(int signal) {
  (void)signal;
  told_to_end = 1;
}

static void on_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client;
  (void)opaque;
  if (message->err)
    printf("failed %.*s %s\n", (int)message->key_len, (const char *)message->key, rd_kafka_err2name(message->err));
  else
    printf("%d %lld %.*s\n", (int)message->partition, (long long)message->offset, (int)message->key_len,
           (const char *)message->key);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: idempotent_producer BOOTSTRAP TOPIC PARTITIONS NAME RECORDS_A_SECOND\n");
    return 2;
  }
  const int partitions = atoi(argv[3]);
  const double rate = atof(argv[5]);
  const char *const settings[][2] = {{"bootstrap.servers", argv[1]},
                                     {"enable.idempotence", "true"},
                                     {"linger.ms", "2"},
                                     {"socket.timeout.ms", "3000"},
                                     {"socket.connection.setup.timeout.ms", "1000"},
                                     {"reconnect.backoff.max.ms", "500"},
                                     {"retry.backoff.ms", "50"},
                                     {"topic.metadata.refresh.interval.ms", "1000"},
                                     {"queue.buffering.max.messages", "1000000"},
                                     {"message.timeout.ms", "300000"},
                                     {"log_level", "0"}};
  char error[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  for (size_t n = 0; n < sizeof settings / sizeof *settings; ++n) {
    if (rd_kafka_conf_set(conf, settings[n][0], settings[n][1], error, sizeof error) != RD_KAFKA_CONF_OK) {
      fprintf(stderr, "idempotent_producer: %s\n", error);
      return 2;
    }
  }
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (!client) {
    fprintf(stderr, "idempotent_producer: %s\n", error);
    return 2;
  }
  signal(SIGTERM, on_signal);
  setvbuf(stdout, NULL, _IOLBF, 0);

  const double began = now();
  for (long number = 0; !told_to_end;) {
    if ((double)number > (now() - began) * rate) {
      rd_kafka_poll(client, 1);
      continue;
    }
    char key[64];
    const int key_size = snprintf(key, sizeof key, "%s-%ld", argv[4], number);
    if (!rd_kafka_producev(client, RD_KAFKA_V_TOPIC(argv[2]), RD_KAFKA_V_PARTITION((int)(number % partitions)),
                           RD_KAFKA_V_KEY(key, (size_t)key_size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END))
      ++number;
    rd_kafka_poll(client, 0);
  }
  rd_kafka_flush(client, 120000);
  rd_kafka_destroy(client);
  return 0;
}
