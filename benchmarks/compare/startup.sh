#!/usr/bin/env bash
# Time from exec to ready, and resident memory when idle, of one Varve broker and one Apache Kafka 4.3.1 node (KRaft,
# combined), interleaved in one run, each on a formatted directory and with the heap its own start script gives it.
#
#   benchmarks/compare/startup.sh            ROUNDS=7 IDLE_S=10
#
# Ready is the line with which the program says so: Varve's "ready ..." and Kafka's "Kafka Server started". One start
# of each comes first and is not counted. Needs what `mvn verify` gathers (Kafka's jars) and a built launcher.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rounds=${ROUNDS:-7} idle_s=${IDLE_S:-10}
jars=$root/examples/broker/src/it/kafka-tools/target/lib
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
[ -d "$jars" ] || { echo "no Kafka in $jars: run mvn verify once" >&2; exit 1; }
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$work"' EXIT

free_port() { # a port nobody listens on
  local port
  while port=$((20000 + RANDOM % 20000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

varve() { exec "$root/varve" broker --set "log.dirs=$work/varve" --set listeners=PLAINTEXT://127.0.0.1:0; }

kafka_config() {
  local port controller
  port=$(free_port) controller=$(free_port)
  cat > "$work/kafka.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
controller.listener.names=CONTROLLER
log.dirs=$work/kafka
offsets.topic.replication.factor=1
PROPERTIES
}

# The JVM options are those of Kafka's own start script.
kafka() {
  exec "$java" -Xmx1G -Xms1G -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 \
    -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true -Dlog4j2.configurationFile="$work/log4j2.properties" \
    -cp "$jars/*" kafka.Kafka "$work/kafka.properties"
}

median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)], v[1], v[NR]}'; }

# one NAME PATTERN: starts it, waits for the line, idles, stops; prints "ms kib"
one() {
  local name=$1 pattern=$2 start ready out=$work/$1.out
  : > "$out"
  start=$(date +%s%N)
  ("$name") > "$out" 2> "$work/$name.err" & pid=$!
  until grep -q "$pattern" "$out"; do
    kill -0 "$pid" 2>/dev/null || { cat "$work/$name.err" "$out" >&2; echo "$name did not start" >&2; exit 1; }
    sleep 0.005
  done
  ready=$(date +%s%N)
  sleep "$idle_s"
  echo "$(((ready - start) / 1000000)) $(awk '/^VmRSS/{print $2}' "/proc/$pid/status")"
  kill "$pid"; wait "$pid" 2>/dev/null || true
  pid=
}

cat > "$work/log4j2.properties" <<'PROPERTIES'
rootLogger.level=info
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%m%n
PROPERTIES
kafka_config
"$java" -cp "$jars/*" kafka.tools.StorageTool format -t "$("$java" -cp "$jars/*" kafka.tools.StorageTool random-uuid 2>/dev/null)" \
  -c "$work/kafka.properties" > "$work/format.out" 2>&1 || { cat "$work/format.out" >&2; exit 1; }

for ((round = 0; round <= rounds; round++)); do
  for name in varve kafka; do
    pattern="^ready "; [ "$name" = varve ] || pattern="Kafka Server started"
    one "$name" "$pattern" > "$work/figure"
    [ "$round" -eq 0 ] || cat "$work/figure" >> "$work/$name.figures"
  done
done
for name in varve kafka; do
  read -r ms ms_min ms_max < <(cut -d' ' -f1 "$work/$name.figures" | median)
  read -r kib kib_min kib_max < <(cut -d' ' -f2 "$work/$name.figures" | median)
  printf '%-6s ready %5d ms (%d to %d)   idle %4d MiB (%d to %d)\n' \
    "$name" "$ms" "$ms_min" "$ms_max" $((kib / 1024)) $((kib_min / 1024)) $((kib_max / 1024))
  echo "$ms $kib" > "$work/$name.median"
done
paste -d' ' "$work/varve.median" "$work/kafka.median" |
  awk '{printf "ratio  ready %.2f   idle %.2f   (Varve / Kafka, medians of %s rounds)\n", $1/$3, $2/$4, rounds}' rounds="$rounds"
