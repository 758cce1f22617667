// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The commands of a page of the documentation, run as a reader would: by a shell, in an empty directory in which {@code ./varve} is the
 * program, and with {@code zkCli.sh} and Kafka's tools on the path.
 *
 * <p>Threading: confined to the test's thread.
 */
public final class Manual implements AutoCloseable {

    private static final Pattern BLOCK = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL);
    private static final int TIMEOUT_S = 120;
    private static final Path ZOOKEEPER_JARS = Path.of("../targets/src/it/zookeeper/target/lib");
    private static final Path KAFKA_JARS = Path.of("src/it/kafka-tools/target/lib");
    private static final Map<String, String> TOOLS = Map.of(
            "kafka-topics.sh", "org.apache.kafka.tools.TopicCommand",
            "kafka-metadata-quorum.sh", "org.apache.kafka.tools.MetadataQuorumCommand",
            "kafka-console-producer.sh", "org.apache.kafka.tools.ConsoleProducer",
            "kafka-console-consumer.sh", "org.apache.kafka.tools.consumer.ConsoleConsumer");

    private final String page;
    private final Path directory;

    /** What a command printed on both streams, and its exit code. */
    public record Printed(int exitCode, String text) {}

    /**
     * @param page the file
     * @param replacements what must not be taken literally, as ports, and what to take instead
     */
    public Manual(Path page, Path directory, Map<String, String> replacements) {
        try {
            String text = Files.readString(page);
            replacements.keySet().forEach(literal -> assertThat(text)
                    .as("the page has what is to be replaced")
                    .contains(literal));
            // All at once: what one puts in must not be taken for what another looks for.
            Pattern any = Pattern.compile(
                    replacements.keySet().stream().map(Pattern::quote).collect(Collectors.joining("|")));
            this.page = any.matcher(text)
                    .replaceAll(found -> Matcher.quoteReplacement(replacements.getOrDefault(found.group(), "")));
            this.directory = directory;
            String java =
                    Path.of(System.getProperty("java.home"), "bin", "java").toString();
            Path jar = Path.of("target/varve-broker.jar").toAbsolutePath();
            assertThat(jar).as("the program; mvn package makes it").exists();
            script(
                    "varve",
                    "exec " + java + " -XX:+UseSerialGC -Xmx192m -XX:TieredStopAtLevel=1 -jar " + jar + " \"$@\"");
            String tool = "exec " + java + " -Xmx128m -XX:TieredStopAtLevel=1 ";
            script(
                    "zkCli.sh",
                    tool + "-Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp '" + ZOOKEEPER_JARS.toAbsolutePath()
                            + "/*' org.apache.zookeeper.ZooKeeperMain -waitforconnection \"$@\"");
            for (Map.Entry<String, String> entry : TOOLS.entrySet()) {
                script(
                        entry.getKey(),
                        tool + "-Dlog4j2.level=error -cp '" + KAFKA_JARS.toAbsolutePath() + "/*' " + entry.getValue()
                                + " \"$@\"");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void script(String name, String command) throws IOException {
        Path script = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + command + "\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();
    }

    /** The blocks of commands below a heading, in their order. */
    public List<String> blocks(String heading) {
        int from = page.indexOf("\n## " + heading + "\n");
        assertThat(from).as("the page has the heading %s", heading).isNotNegative();
        int to = page.indexOf("\n## ", from + 1);
        Matcher matcher = BLOCK.matcher(page.substring(from, to < 0 ? page.length() : to));
        List<String> blocks = new ArrayList<>();
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }
        return blocks;
    }

    /** Runs commands; what they leave in the background goes on. */
    public Printed run(String commands) {
        Path output = directory.resolve("output.txt");
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", commands)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().merge("PATH", directory.toString(), (path, own) -> own + ":" + path);
        try {
            Process process = builder.start();
            assertThat(process.waitFor(TIMEOUT_S, TimeUnit.SECONDS))
                    .as("%s ended", commands)
                    .isTrue();
            return new Printed(process.exitValue(), Files.readString(output));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while running " + commands, e);
        }
    }

    /** Kills what the commands have left in the background, which is told in files named pid. */
    @Override
    public void close() throws IOException {
        try (Stream<Path> files =
                Files.find(directory, 2, (file, attributes) -> file.toString().endsWith("pid"))) {
            for (Path file : files.toList()) {
                ProcessHandle.of(Long.parseLong(Files.readString(file).strip()))
                        .ifPresent(ProcessHandle::destroyForcibly);
            }
        }
    }
}
