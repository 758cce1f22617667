"""What an application does with confluent-kafka: administers a topic, produces, consumes in a group, finds its commits again."""
import sys

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

RECORDS_PER_CODEC = 300
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def check(expected, actual, what):
    if expected != actual:
        raise AssertionError(f"{what}: expected={expected!r}, actual={actual!r}")


def consumer(bootstrap, group):
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )


def produce(bootstrap, topic):
    produced, failures = {}, []
    for codec in CODECS:
        producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": codec})
        for i in range(RECORDS_PER_CODEC):
            key, value = b"%s-%d" % (codec.encode(), i), b"value %d under %s" % (i, codec.encode())
            produced[key] = value
            producer.produce(topic, key=key, value=value, on_delivery=lambda e, _: e and failures.append(e))
        check(0, producer.flush(30), "records left in the producer")
    check([], failures, "failed deliveries")
    return produced


def main(bootstrap, name):
    topic, group = f"probe-{name}", f"probe-group-{name}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, 2, 1, config={"retention.ms": "7654321"})])[topic].result(30)
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(30)
    check(3, len(admin.list_topics(topic).topics[topic].partitions), "partitions")
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    check("7654321", admin.describe_configs([resource])[resource].result(30)["retention.ms"].value, "retention.ms")

    produced = produce(bootstrap, topic)

    values = {}
    reader = consumer(bootstrap, group)
    reader.subscribe([topic])
    for _ in range(300):
        for record in reader.consume(500, timeout=0.2):
            check(None, record.error(), "error of a record")
            values[record.key()] = record.value()
        if len(values) == len(produced):
            break
    check(produced, values, "records")
    reader.commit(asynchronous=False)
    reader.close()

    again = consumer(bootstrap, group)
    partitions = [TopicPartition(topic, p) for p in range(3)]
    committed = again.committed(partitions, timeout=30)
    check(len(produced), sum(p.offset for p in committed), "committed offsets")
    check(
        len(produced),
        sum(again.get_watermark_offsets(p, timeout=30)[1] for p in partitions),
        "end offsets",
    )
    again.close()

    check(True, group in [g.id for g in admin.list_groups(timeout=30)], "group listed")
    admin.delete_topics([topic])[topic].result(30)
    print("probe ok")


main(*sys.argv[1:3])
