// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What a process takes of the machine; from Linux's {@code /proc}. */
public final class Footprint {

    /** Of the times in {@code /proc/pid/stat}; the same on every Linux that has a JDK. */
    private static final double TICKS_PER_SECOND = 100;

    private static final int USER_TIME = 11;

    private Footprint() {}

    /** Resident memory in MiB. */
    public static double residentMib(long pid) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc", String.valueOf(pid), "status"))) {
            String line = lines.filter(candidate -> candidate.startsWith("VmRSS:"))
                    .findFirst()
                    .orElseThrow(() -> new IOException("no VmRSS of process " + pid));
            return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
        }
    }

    /** Processor time so far in seconds. */
    public static double processorSeconds(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
        // The name of the process, in parentheses, may hold spaces.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[USER_TIME + 1])) / TICKS_PER_SECOND;
    }

    /** Space that the files in a directory take, in MiB; what is allocated, not what they seem to hold. */
    public static double diskMib(Path directory) throws IOException, InterruptedException {
        Process du = new ProcessBuilder("du", "-sk", directory.toString()).start();
        String printed = new String(du.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        if (du.waitFor() != 0) {
            throw new IOException("du failed: directory=" + directory);
        }
        return Long.parseLong(printed.substring(0, printed.indexOf('\t'))) / 1024.0;
    }
}
