// Transactions of several producers, and what consumers of either isolation see; tests/twoway/transactions.py says how.
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class Transactions {
    final Map<String, KafkaProducer<String, String>> producers = new HashMap<>();
    final String bootstrap;
    final String topic;

    Transactions(String bootstrap, String topic) {
        this.bootstrap = bootstrap;
        this.topic = topic;
    }

    public static void main(String[] args) throws Exception {
        var transactions = new Transactions(args[1], args[2]);
        if (args[0].equals("write")) {
            for (String line : Files.readAllLines(Path.of(args[3]))) {
                transactions.step(line.split(" "));
            }
        } else {
            transactions.read("read_uncommitted", Long.parseLong(args[3]));
            transactions.read("read_committed", Long.parseLong(args[3]));
        }
        System.out.flush();
        Runtime.getRuntime().halt(0); // a producer that is closed would end its transaction
    }

    // begin|commit|abort ID, send ID PARTITION TIMESTAMP VALUE. The ID "-" has no transactions.
    void step(String[] words) throws Exception {
        var producer = producers.computeIfAbsent(words[1], this::producer);
        switch (words[0]) {
            case "begin" -> producer.beginTransaction();
            case "commit" -> producer.commitTransaction();
            case "abort" -> producer.abortTransaction();
            default -> producer.send(new ProducerRecord<>(topic, Integer.valueOf(words[2]), Long.valueOf(words[3]), null,
                words[4])).get();
        }
    }

    KafkaProducer<String, String> producer(String id) {
        Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "linger.ms", 0));
        if (!id.equals("-")) {
            settings.put("transactional.id", id);
            settings.put("transaction.timeout.ms", 600_000);
        }
        var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
        if (!id.equals("-")) {
            producer.initTransactions();
        }
        return producer;
    }

    // All that is to be seen, where it ends, and what comes at or after a time.
    void read(String isolation, long time) {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "isolation.level", isolation,
            "fetch.max.wait.ms", 10);
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            var partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition())).collect(Collectors.toList());
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    System.out.println(isolation + " " + record.partition() + " " + record.offset() + " " + record.value());
                }
            }
            ends.forEach((partition, end) ->
                System.out.println(isolation + " " + partition.partition() + " ends " + end));
            consumer.offsetsForTimes(partitions.stream().collect(Collectors.toMap(p -> p, p -> time)))
                .forEach((partition, found) -> System.out.println(isolation + " " + partition.partition() + " then "
                    + (found == null ? "none" : found.offset())));
        }
    }
}
