"""What an application does with kafka-python: administers a topic, produces, consumes in a group, finds its commits again."""
import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewPartitions, NewTopic

RECORDS = 1000


def check(expected, actual, what):
    if expected != actual:
        raise AssertionError(f"{what}: expected={expected!r}, actual={actual!r}")


def consumer(bootstrap, topic, group):
    return KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )


def main(bootstrap, name):
    topic, group = f"probe-{name}", f"probe-group-{name}"
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    admin.create_partitions({topic: NewPartitions(3)})
    check(True, topic in admin.list_topics(), "topic listed")

    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", compression_type="gzip", linger_ms=5)
    acks = [producer.send(topic, key=b"k%d" % i, value=b"value %d" % i) for i in range(RECORDS)]
    for ack in acks:
        ack.get(timeout=30)
    producer.close()

    values = {}
    reader = consumer(bootstrap, topic, group)
    for _ in range(300):
        for records in reader.poll(timeout_ms=200).values():
            values.update((record.key, record.value) for record in records)
        if len(values) == RECORDS:
            break
    reader.commit()
    check({b"k%d" % i: b"value %d" % i for i in range(RECORDS)}, values, "records")
    committed = sum(reader.committed(partition) or 0 for partition in reader.assignment())
    check(RECORDS, committed, "committed offsets")
    reader.close()

    again = consumer(bootstrap, topic, group)
    for _ in range(300):
        check({}, again.poll(timeout_ms=200), "records after the committed offsets")
        if again.assignment():
            break
    check(3, len(again.assignment()), "partitions assigned")
    check({}, again.poll(timeout_ms=500), "records after the committed offsets")
    again.close()

    check(True, (group, "consumer") in admin.list_consumer_groups(), "group listed")
    admin.delete_topics([topic])
    admin.close()
    print("probe ok")


main(*sys.argv[1:3])
