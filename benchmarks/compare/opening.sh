#!/usr/bin/env bash
# Opens two logs, in interleaved rounds, each time by a process that has just started: what grows with the log?
# Usage: opening.sh DIRECTORY SEGMENT_MIB SMALL_MIB LARGE_MIB
# The logs are filled once into DIRECTORY. Every opening gets hard links to the segments and copies of what it may change.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
directory=$1
segment=$2
rounds=${ROUNDS:-9}
java=${JAVA:-java}
jar=${JAR:-$root/benchmarks/jmh/target/benchmarks.jar}
main=io.varve.benchmarks.log.ColdOpening

for size in "$3" "$4"; do
    if [ ! -d "$directory/log-$size-$segment" ]; then
        "$java" -cp "$jar" $main fill "$directory/log-$size-$segment" "$segment" "$size"
    fi
done

copy() {
    rm -rf "$2" "$2.other"
    cp -al "$1" "$2"
    # The last two segments may be written to, and all small files.
    local last
    last=$(cd "$1" && ls | grep '\.log$' | sort | tail -2 | sed 's/\.log$//')
    for file in "$1"/*; do
        name=$(basename "$file")
        if [[ ! $name =~ ^[0-9]{20}\. ]] || grep -qF "${name%%.*}" <<<"$last"; then
            rm "$2/$name"
            cp "$file" "$2/$name"
        fi
    done
}

for ((round = 1; round <= rounds; round++)); do
    for command in open open-again; do
        for size in "$3" "$4"; do
            copy "$directory/log-$size-$segment" "$directory/copy"
            echo "$command $size MiB: $("$java" -cp "$jar" $main $command "$directory/copy" "$segment")"
        done
    done
done
rm -rf "$directory/copy" "$directory/copy.other"
