// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.CommitLog;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The program of the README, alone with the jar of core-log: it compiles without a warning and runs without flags, prints nothing but its
 * results, opens no socket on a network, and leaves nothing but its log.
 *
 * <p>Runs on the JDK of the build, and on those that {@code JAVA_HOME_17}, {@code JAVA_HOME_21} and {@code JAVA_HOME_25} name.
 */
class StandaloneIT {

    private static final String PROGRAM =
            """
            import io.varve.log.*;
            import io.varve.log.batch.*;
            import java.nio.ByteBuffer;
            import java.nio.file.*;
            import java.util.stream.Stream;

            class Program {
                public static void main(String[] arguments) throws Exception {
                    ByteBuffer key = ByteBuffer.wrap("k".getBytes());
                    ByteBuffer value = ByteBuffer.wrap("v".getBytes());
            README
                }

                static void consume(long offset, RecordView record) throws Exception {
                    System.out.println(offset + " has " + record.value().remaining());
                    Path descriptors = Path.of("/proc/self/fd");
                    if (Files.isDirectory(descriptors)) {
                        try (Stream<Path> open = Files.list(descriptors)) {
                            for (Path descriptor : open.toList()) {
                                if (Files.exists(descriptor, LinkOption.NOFOLLOW_LINKS)) {
                                    System.out.println("open: " + named(Files.readSymbolicLink(descriptor).toString()));
                                }
                            }
                        }
                    }
                }

                // The JDK has a pair of sockets for closing files, which is on no network.
                static String named(String link) throws Exception {
                    if (!link.startsWith("socket:[")) {
                        return link;
                    }
                    String inode = link.substring(8, link.length() - 1);
                    for (String table : new String[] {"tcp", "tcp6", "udp", "udp6", "raw", "raw6"}) {
                        Path file = Path.of("/proc/self/net", table);
                        for (String line : Files.exists(file) ? Files.readAllLines(file) : java.util.List.<String>of()) {
                            if (java.util.List.of(line.trim().split("\\s+")).contains(inode)) {
                                return "socket on a network: " + table;
                            }
                        }
                    }
                    return "/dev/pair";
                }
            }
            """;

    @TempDir
    private Path directory;

    static Set<Path> jdks() {
        Set<Path> jdks = new LinkedHashSet<>();
        jdks.add(Path.of(System.getProperty("java.home")));
        for (String version : List.of("17", "21", "25")) {
            String home = System.getenv("JAVA_HOME_" + version);
            if (home != null && Files.isExecutable(Path.of(home, "bin", "javac"))) {
                jdks.add(Path.of(home));
            }
        }
        return jdks;
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void shouldRunTheReadmeWithOneJar(Path jdk) throws Exception {
        String readme = Files.readString(Path.of("../../README.md"));
        int from = readme.indexOf("```java") + 7;
        String block = readme.substring(from, readme.indexOf("```", from));
        Files.writeString(directory.resolve("Program.java"), PROGRAM.replace("README\n", block));
        Path work = Files.createDirectories(directory.resolve("work"));
        String jar = jar().toString();

        // The class files name annotations of a library that only our own build needs; -Xlint:classfile would say so.
        run(
                work,
                jdk.resolve("bin/javac"),
                List.of(
                        "--release",
                        "17",
                        "-Xlint:all,-options,-classfile",
                        "-Werror",
                        "-cp",
                        jar,
                        "-d",
                        "..",
                        "../Program.java"));
        List<String> printed = run(
                work,
                jdk.resolve("bin/java"),
                List.of(
                        "-XX:-UsePerfData",
                        "-Duser.home=" + work,
                        "-Djava.io.tmpdir=" + work,
                        "-cp",
                        jar + ":..",
                        "Program"));

        assertThat(printed).first().isEqualTo("0 has 1");
        Path log = work.toRealPath().resolve("data/orders-0");
        assertThat(printed.stream().filter(line -> line.startsWith("open: ")).map(line -> line.substring(6)))
                .noneMatch(open -> open.startsWith("socket"))
                .allMatch(open -> isTheMachines(open, jdk) || open.equals(jar) || open.startsWith(log.toString()));
        try (Stream<Path> files = Files.walk(work)) {
            assertThat(files.filter(Files::isRegularFile))
                    .allMatch(file -> file.startsWith(work.resolve("data/orders-0")));
        }
    }

    /** What every program of this JDK has open. */
    private static boolean isTheMachines(String open, Path jdk) {
        return open.startsWith(jdk.toString())
                || open.startsWith("pipe:")
                || open.startsWith("/dev/")
                || open.startsWith("/proc/")
                || open.startsWith("anon_inode:")
                || open.contains("/out-")
                || open.contains("/err-");
    }

    private static Path jar() throws URISyntaxException {
        return Path.of(CommitLog.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    }

    /** Runs a program that must end with 0 and say nothing on standard error; returns the lines that it printed. */
    private List<String> run(Path work, Path program, List<String> arguments) throws IOException, InterruptedException {
        Path out = directory.resolve("out-" + program.getFileName());
        Path err = directory.resolve("err-" + program.getFileName());
        ProcessBuilder builder = new ProcessBuilder(Stream.concat(Stream.of(program.toString()), arguments.stream())
                        .toList())
                .directory(work.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().keySet().removeAll(Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
        Process process = builder.start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(err)).as("standard error of %s", program).isEmpty();
        assertThat(process.exitValue()).isZero();
        return Files.readAllLines(out);
    }
}
