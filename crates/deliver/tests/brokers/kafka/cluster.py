"""Kafka's own mock cluster (librdkafka): three brokers on loopback that keep records in memory.

Says where they listen, then answers each line of standard input with a line of JSON:
`topic NAME` makes a topic, `read NAME` gives [partition, key, value] of all its records in order,
`where KEY` gives the partition that librdkafka's murmur2 partitioner chooses of four.
"""

import json
import sys

from confluent_kafka import Consumer, OFFSET_BEGINNING, Producer, TopicPartition

SILENT = {"log_level": 0}


def main():
    holder = Producer({"test.mock.num.brokers": 3, **SILENT})
    brokers = holder.list_topics(timeout=10).brokers.values()
    places = [f"{broker.host}:{broker.port}" for broker in brokers]
    say(places)
    servers = ",".join(places)
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "topic":
            say(make(holder, rest))
        elif word == "read":
            say(read(servers, rest))
        elif word == "where":
            say(where(servers, rest))


def say(value):
    print(json.dumps(value), flush=True)


def make(holder, topic):
    """The mock makes a topic that somebody asks for; soon after, it has partitions."""
    for _ in range(100):
        partitions = holder.list_topics(topic, timeout=10).topics[topic].partitions
        if partitions:
            return len(partitions)
    return 0


def read(servers, topic):
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "reader",
                         "enable.auto.commit": False, "enable.partition.eof": True, **SILENT})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    records, ended = [], set()
    while len(ended) < len(partitions):
        message = consumer.poll(10)
        if message is None:
            break
        if message.error():
            ended.add(message.partition())
            continue
        ended.discard(message.partition())
        records.append([message.partition(), message.key().decode(), message.value().decode()])
    consumer.close()
    return records


def where(servers, key):
    chosen = []
    producer = Producer({"bootstrap.servers": servers, "partitioner": "murmur2", **SILENT})
    producer.produce("oracle", key=key, value="",
                     on_delivery=lambda _, message: chosen.append(message.partition()))
    producer.flush(10)
    return chosen[0]


main()
