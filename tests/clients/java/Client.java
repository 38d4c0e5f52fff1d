// The Java client. Corpus lines in, record lines out; tests/clients/run says what they mean.
import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Client {
    public static void main(String[] args) throws Exception {
        if (args[0].equals("produce")) {
            produce(args[1], args[2], args[3], Path.of(args[4]));
        } else {
            consume(args[1], Integer.parseInt(args[2]), List.of(args).subList(3, args.length));
        }
    }

    static void produce(String bootstrap, String topic, String codec, Path corpus) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "compression.type", codec);
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (String line : Files.readAllLines(corpus)) {
                String[] part = line.split("\t", -1);
                List<Header> headers = part[5].isEmpty() ? List.of()
                    : Arrays.stream(part[5].split(",")).map(Client::header).collect(Collectors.toList());
                Long timestamp = part[2].equals("-") ? null : Long.valueOf(part[2]);
                sent.add(producer.send(new ProducerRecord<>(topic, Integer.valueOf(part[1]), timestamp, unhex(part[3]),
                    unhex(part[4]), headers)));
                if (part[0].equals("flush")) {
                    producer.flush();
                }
            }
            producer.flush();
            for (var future : sent) {
                future.get();
            }
        }
    }

    static void consume(String bootstrap, int count, List<String> topics) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap);
        var out = new PrintStream(new BufferedOutputStream(System.out), false, StandardCharsets.UTF_8);
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            for (String topic : topics) {
                var partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition())).collect(Collectors.toList());
                consumer.assign(partitions);
                consumer.seekToBeginning(partitions);
                for (int got = 0; got < count;) {
                    var records = consumer.poll(Duration.ofSeconds(30));
                    if (records.isEmpty()) {
                        throw new IllegalStateException(topic + ": nothing after " + got + " records");
                    }
                    for (ConsumerRecord<byte[], byte[]> record : records) {
                        out.println(line(record));
                    }
                    got += records.count();
                }
                out.flush();
            }
        }
    }

    static String line(ConsumerRecord<byte[], byte[]> record) throws Exception {
        byte[] value = record.value();
        String digest = enhex(value == null ? null : MessageDigest.getInstance("SHA-256").digest(value));
        String headers = StreamSupport.stream(record.headers().spliterator(), false)
            .map(header -> enhex(header.key().getBytes(StandardCharsets.UTF_8)) + ":" + enhex(header.value()))
            .collect(Collectors.joining(","));
        return String.join("\t", record.topic(), "" + record.partition(), "" + record.offset(), "" + record.timestamp(),
            enhex(record.key()), digest, headers);
    }

    static Header header(String pair) {
        String[] part = pair.split(":");
        return new RecordHeader(new String(unhex(part[0]), StandardCharsets.UTF_8), part.length < 2 ? new byte[0] : unhex(part[1]));
    }

    static byte[] unhex(String text) {
        return text.equals("-") ? null : HexFormat.of().parseHex(text);
    }

    static String enhex(byte[] data) {
        return data == null ? "-" : HexFormat.of().formatHex(data);
    }
}
