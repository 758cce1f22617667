#!/usr/bin/env bash
# Quorums of three side by side: Varve's and Apache ZooKeeper 3.9.5, in turns, each turn on a new directory; the same
# client (Apache ZooKeeper's own), the same zoo.cfg, and both force every transaction to disk. Each is started as its
# users start it: Varve by its launcher, Apache ZooKeeper with the heap of zkServer.sh.
#
#   benchmarks/compare/quorum.sh                                   three rounds; most of an hour
#   benchmarks/compare/quorum.sh --rounds 5 --updates 0 --nodes 0  only the loads, the idle state and the failover
#   benchmarks/compare/quorum.sh --targets apache,apache           the noise of the machine
#   benchmarks/compare/quorum.sh --apache-flags "-Xms8m -Xmx1g -XX:+UseSerialGC"   with the flags of Varve's launcher
#   benchmarks/compare/quorum.sh --help
#
# DIRECTORY says where the data goes: a disk, not a memory file system, or the figures mean nothing. Prints a table:
# median and, in parentheses, the smallest and largest of the rounds; the ratio is that of the last target to the first.
# A load is a closed loop: "16 in flight" are 16 sessions with one operation each, as synchronous clients have them;
# "8 sessions x 128" keep 128 each. Sessions are spread over the members. Payload is 100 bytes.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
directory=${DIRECTORY:-$root/benchmarks/compare/target/data}

(cd "$root" && mvn -q -B -ntp -pl benchmarks/compare,examples/broker -am -Dmaven.test.skip=true package &&
  mvn -q -B -ntp -f examples/targets/src/it/zookeeper/pom.xml pre-integration-test && ./varve --version) >&2

exec "$java" -Xmx1g -jar "$root/benchmarks/compare/target/compare.jar" \
  --zookeeper "$root/examples/targets/src/it/zookeeper/target/lib" \
  --varve "$root/varve" --directory "$directory" "$@"
