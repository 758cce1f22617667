#!/usr/bin/env bash
# Clusters of three brokers side by side: Varve's and Apache Kafka 4.3.1's (KRaft, combined), in turns, each turn on a new
# directory; the same clients (Apache Kafka's own) with their defaults, three replicas, acks=all, two of the three in sync.
# Each is started as its users start it: Varve by its launcher, Apache Kafka with the flags of its start script.
#
#   benchmarks/compare/cluster.sh                                   three rounds; half an hour
#   benchmarks/compare/cluster.sh --rounds 5 --partitions 0         without the topic of 1,000 partitions
#   benchmarks/compare/cluster.sh --targets kafka,kafka             the noise of the machine
#   benchmarks/compare/cluster.sh --help
#
# DIRECTORY says where the data goes: a disk, not a memory file system. Prints a table: median and, in parentheses, the
# smallest and largest of the rounds; the ratio is that of the last target to the first.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
directory=${DIRECTORY:-$root/benchmarks/compare/target/data}

(cd "$root" && mvn -q -B -ntp -pl benchmarks/compare,examples/broker -am -Dmaven.test.skip=true package &&
  mvn -q -B -ntp -f examples/broker/src/it/kafka-tools/pom.xml pre-integration-test && ./varve --version) >&2

exec "$java" -Xmx1g -cp "$root/benchmarks/compare/target/compare.jar" io.varve.compare.cluster.CompareClusters \
  --kafka "$root/examples/broker/src/it/kafka-tools/target/lib" \
  --varve "$root/varve" --directory "$directory" "$@"
