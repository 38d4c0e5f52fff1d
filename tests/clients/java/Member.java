// The Java client as a member of a group; tests/clients/groups.py says what is printed.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class Member implements ConsumerRebalanceListener {
    static final ObjectMapper JSON = new ObjectMapper();
    static final Map<String, String> ASSIGNORS = Map.of("range", RangeAssignor.class.getName(), "cooperative-sticky",
        CooperativeStickyAssignor.class.getName());

    final String topic;
    final KafkaConsumer<byte[], byte[]> consumer;
    final Map<Integer, Long> uncommitted = new TreeMap<>();

    public static void main(String[] args) throws Exception {
        new Member(JSON.readTree(args[0])).run();
    }

    Member(JsonNode given) {
        Map<String, Object> settings = new HashMap<>(Map.of(
            "bootstrap.servers", given.get("bootstrap").asText(), "group.id", given.get("group").asText(),
            "auto.offset.reset", "earliest", "enable.auto.commit", "false",
            "session.timeout.ms", given.get("session_ms").asText(),
            "heartbeat.interval.ms", given.get("heartbeat_ms").asText()));
        if (given.hasNonNull("assignor")) {
            settings.put("partition.assignment.strategy", ASSIGNORS.get(given.get("assignor").asText()));
        }
        if (given.hasNonNull("instance")) {
            settings.put("group.instance.id", given.get("instance").asText());
        }
        topic = given.get("topic").asText();
        consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    void run() {
        var leaving = new AtomicBoolean();
        var listener = new Thread(() -> {
            try {
                System.in.read();  // "leave", or the end of whoever would say it
            } catch (IOException end) {
            }
            leaving.set(true);
        });
        listener.setDaemon(true);
        listener.start();
        consumer.subscribe(List.of(topic), this);
        while (!leaving.get()) {
            var records = new ArrayList<List<Object>>();
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                records.add(List.of(record.partition(), record.offset(), new String(record.value(), StandardCharsets.UTF_8)));
                uncommitted.put(record.partition(), record.offset() + 1);
            }
            if (!records.isEmpty()) {
                say("records", "records", records);
            }
            commit(new TreeMap<>(uncommitted));
        }
        consumer.close();
        say("left", "partitions", List.of());
    }

    void commit(Map<Integer, Long> offsets) {
        if (offsets.isEmpty()) {
            return;
        }
        say("committing", "offsets", pairs(offsets));
        try {
            consumer.commitSync(offsets.entrySet().stream().collect(Collectors.toMap(
                each -> new TopicPartition(topic, each.getKey()), each -> new OffsetAndMetadata(each.getValue()))));
            say("committed", "offsets", pairs(offsets));
            offsets.forEach(uncommitted::remove);
        } catch (KafkaException wrong) {
            say("commit_failed", "error", wrong.toString());
        }
    }

    @Override public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
        say("assigned", "partitions", numbers(assigned));
    }

    @Override public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
        var offsets = new TreeMap<>(uncommitted);
        offsets.keySet().retainAll(numbers(revoked));
        commit(offsets);
        ended("revoked", revoked);
    }

    @Override public void onPartitionsLost(Collection<TopicPartition> lost) {
        ended("lost", lost);
    }

    void ended(String event, Collection<TopicPartition> partitions) {
        uncommitted.keySet().removeAll(numbers(partitions));
        say(event, "partitions", numbers(partitions));
    }

    static List<Integer> numbers(Collection<TopicPartition> partitions) {
        return partitions.stream().map(TopicPartition::partition).sorted().collect(Collectors.toList());
    }

    static List<List<Object>> pairs(Map<Integer, Long> offsets) {
        return offsets.entrySet().stream().map(each -> List.<Object>of(each.getKey(), each.getValue()))
            .collect(Collectors.toList());
    }

    static void say(String event, String name, Object value) {
        var line = new LinkedHashMap<String, Object>();
        line.put("t", System.nanoTime());  // CLOCK_MONOTONIC
        line.put("event", event);
        line.put(name, value);
        try {
            System.out.println(JSON.writeValueAsString(line));
            System.out.flush();
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
